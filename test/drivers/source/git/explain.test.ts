import { expect, test } from 'vitest';
import { explainUnreachable } from '../../../../src/drivers/source/git/explain.ts';
import { parseRemote } from '../../../../src/drivers/source/git/remote.ts';

const remote = parseRemote('git@github.com:a/b.git', { allowLocal: false });
const explain = (stderr: string) =>
  explainUnreachable({ end: 'failed', stdout: '', stderr }, remote, 120_000);

test.each([
  ["fatal: could not read Username for 'https://github.com': terminal prompts disabled", 'private'],
  ["fatal: Authentication failed for 'https://gitlab.com/a/b.git/'", 'private'],
  ['git@github.com: Permission denied (publickey).', 'private'],
  ["fatal: unable to access 'https://h/a/': The requested URL returned error: 403", 'private'],
  ['ERROR: Repository not found.\nfatal: Could not read from remote repository.', 'no repository'],
  ["fatal: repository 'https://h/a.git/' not found", 'no repository'],
  ["fatal: '/srv/a' does not appear to be a git repository", 'no repository'],
  ['Host key verification failed.', 'host key of github.com'],
  ['ssh: Could not resolve hostname github.com: Name or service not known', 'host name'],
  ["fatal: unable to access 'https://h/': Could not resolve host: h", 'host name'],
  ['fatal: write error: No space left on device', 'no space left'],
  ['error: cannot run ssh: No such file or directory', 'could not be read'],
])('%j is explained with "%s"', (stderr, words) => {
  const { message, nextStep, output } = explain(stderr);
  expect(message).toContain(words);
  expect(message).toContain(remote.shown);
  expect(nextStep).toBeDefined();
  expect(output).toBe(stderr);
});

test('credentials that git prints are hidden, and only its last lines are kept', () => {
  const noise = Array.from({ length: 100 }, (_, index) => `remote: line ${index}\n`).join('');
  const { output = '' } = explain(
    `${noise}fatal: https://bot:s3cr3t@h/a.git, https://t0ken@h and ssh://git:s3cr3t@h/a\n`,
  );
  expect(output.split('\n')).toHaveLength(30);
  expect(output).toContain('fatal: https://***@h/a.git, https://***@h and ssh://git:***@h/a');
});
