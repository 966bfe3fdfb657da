import { describe, expect, test } from 'vitest';
import { SourceFailure } from '../../../../src/core/failure.ts';
import { parseRemote } from '../../../../src/drivers/source/git/remote.ts';

const rules = { allowLocal: true };

describe('git is given', () => {
  test.each([
    ['https://github.com/a/b.git', 'https', 'https://github.com/a/b.git'],
    ['https://GitHub.com:443/a/../b.git', 'https', 'https://github.com/b.git'],
    ['https://someone@bitbucket.org/a/b.git', 'https', 'https://bitbucket.org/a/b.git'],
    ['https://bot:secret@github.com/a/b.git', 'https', 'https://github.com/a/b.git'],
    ['ssh://git@github.com:22/a/b.git', 'ssh', 'ssh://git@github.com:22/a/b.git'],
    ['ssh://github.com/~a/b.git', 'ssh', 'ssh://github.com/~a/b.git'],
    ['git@github.com:a/b.git', 'ssh', 'git@github.com:a/b.git'],
    ['file:///srv/a%20b.git', 'file', 'file:///srv/a%20b.git'],
    ['/srv/a b.git', 'file', 'file:///srv/a%20b.git'],
    ['/srv/%20.git', 'file', 'file:///srv/%2520.git'],
    ['http://localhost:8080/a.git', 'http', 'http://localhost:8080/a.git'],
    ['http://[::1]:8080/a.git', 'http', 'http://[::1]:8080/a.git'],
    ['http://127.1/a.git', 'http', 'http://127.0.0.1/a.git'],
  ])('for %s over %s: %s', (text, protocol, url) => {
    expect(parseRemote(text, rules)).toMatchObject({ protocol, url });
  });

  test('the password of a URL only as a header', () => {
    const remote = parseRemote('https://bot:s%40cret@github.com/a/b.git', rules);
    expect(remote).toMatchObject({
      shown: 'https://***@github.com/a/b.git',
      authorization: `Basic ${Buffer.from('bot:s@cret').toString('base64')}`,
    });
  });

  test('the same repository for a plain path and its file URL', () => {
    const [plain, url] = ['/srv/a.git', 'file:///srv/a.git'].map((text) =>
      parseRemote(text, rules),
    );
    expect(plain?.identity).toBe(url?.identity);
  });

  test('another repository for other credentials', () => {
    const texts = ['https://h/a', 'https://u:1@h/a', 'https://u:2@h/a'];
    const identities = texts.map((text) => parseRemote(text, rules).identity);
    expect(new Set(identities).size).toBe(3);
  });
});

describe('no git is started', () => {
  test.each([
    'https://github.com/a/b.git?x=1',
    'https://github.com/a/b.git#x',
    'https://github.com\\@evil.example/a.git',
    'https://',
    'https:///a.git',
    'ssh://git:secret@github.com/a.git',
    'ssh://git@github.com',
    'ssh://-oProxyCommand=touch@github.com/a.git',
    'ssh://git@github.com/-a.git',
    'ssh://git@github.com/a%0ab.git',
    'ssh://git@a%2fb/a.git',
    '-git@github.com:a.git',
    'git@github.com:',
    'git@git hub.com:a.git',
    'a@b@c:d.git',
    'github.com:a/b.git',
    'http://10.0.0.1/a.git',
    'http://localhost.evil.example/a.git',
    'file://host/a.git',
    'file:a.git',
    'file:///a%00b.git',
    'file:///a%2fb.git',
    '/srv/a\n.git',
    'javascript:alert(1)',
    'fd::17/a.git',
    `https://github.com/${'a'.repeat(3000)}.git`,
  ])('for %j', (url) => {
    expect(() => parseRemote(url, rules)).toThrow(SourceFailure);
    expect(() => parseRemote(url, rules)).toThrow(expect.objectContaining({ reason: 'refused' }));
  });

  test.each([
    'https://bot:secret@github.com/a.git?x',
    'https://bot:se/cret@github.com/a.git',
    "https://bot:se'secret@github.com/a.git#x",
    'ftp://bot:secret@github.com/a.git',
    'ssh://bot:secret@github.com/a.git',
    'http://bot:secret@github.com/a.git',
  ])('and no password is shown for %s', (url) => {
    expect(() => parseRemote(url, rules)).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/cret/) }),
    );
  });

  test.each([
    'https://example.com/a.git',
    'ssh://git@example.com/a.git',
    'git@github.com.evil.example:a.git',
  ])('for a host that is not listed: %s', (url) => {
    const listed = { allowLocal: false, allowedHosts: ['GitHub.com'] };
    expect(() => parseRemote(url, listed)).toThrow(expect.objectContaining({ reason: 'refused' }));
    expect(parseRemote('git@github.com:a.git', listed).host).toBe('github.com');
  });
});
