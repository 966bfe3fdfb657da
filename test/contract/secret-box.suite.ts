import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/core/failure.ts';
import { berthItself, type SealingKey } from '../../src/core/sealing-key.ts';
import type {
  AnswerBox,
  Digester,
  Opener,
  RepositoryBox,
  Sealer,
} from '../../src/ports/secret-box.ts';

export interface WholeBox extends Sealer, Opener {
  rewrap(key: SealingKey, masterKeyId: string): SealingKey;
  digesterOf(ownKey: SealingKey): Digester;
  answersOf(ownKey: SealingKey): AnswerBox;
  repositoriesOf(ownKey: SealingKey): RepositoryBox;
}

/** What every secret box promises. Each box that `openNew` gives has a key of its own. */
export function describeSecretBox(name: string, openBox: () => Promise<WholeBox>): void {
  const openNew = async () => withKeyOf(await openBox(), 'owner');

  describe(`${name} as a secret box`, () => {
    test.each([
      ['a word', 'swordfish'],
      ['nothing', ''],
      ['lines and quotes', 'a\n"b"\t\'c\' $d \\ \0'],
      ['every alphabet', 'ä 漢字 😀 \u200F'],
      ['a large text', 'x'.repeat(1_000_000)],
    ])('%s comes out as it went in', async (_what, plain) => {
      const box = await openNew();
      expect(box.open(box.seal(plain, 'here'), 'here')).toBe(plain);
    });

    test('what is sealed does not show the secret, nor that two are equal', async () => {
      const box = await openNew();
      const sealed = [box.seal('swordfish', 'here'), box.seal('swordfish', 'here')];
      expect(sealed[0]).not.toBe(sealed[1]);
      for (const text of sealed) {
        expect(text).not.toContain('swordfish');
        expect(text).not.toContain(Buffer.from('swordfish').toString('base64url'));
      }
    });

    test('what is sealed is one line of plain characters', async () => {
      const box = await openNew();
      expect(box.seal('ä\n'.repeat(200), 'hëre')).toMatch(/^[\w.-]+$/);
    });

    test('it opens for the context it was sealed for only', async () => {
      const box = await openNew();
      const sealed = box.seal('swordfish', 'deployment/a/TOKEN');
      for (const context of ['deployment/b/TOKEN', 'deployment/a/TOKEN ', '', 'x']) {
        expectRefusal(() => box.open(sealed, context));
      }
    });

    test('another box does not open it', async () => {
      const [box, other] = [await openNew(), await openNew()];
      const sealed = box.seal('swordfish', 'here');
      expectRefusal(() => other.open(sealed, 'here'));
    });

    test('it does not open with any one character changed, lost or added', async () => {
      const box = await openNew();
      const sealed = box.seal('swordfish', 'here');
      for (let index = 0; index < sealed.length; index += 1) {
        const [before, after] = [sealed.slice(0, index), sealed.slice(index + 1)];
        for (const other of ['A', 'B', '_', '.', '=', ' ', '']) {
          if (other === sealed[index]) continue;
          expectRefusal(() => box.open(before + other + after, 'here'));
        }
        expectRefusal(() => box.open(`${before}A${sealed.slice(index)}`, 'here'));
      }
    });

    test.each([
      '',
      'swordfish',
      'v1',
      'v1...',
      '....',
      '********',
      'v2.a.b.c',
      'v1.a.b.c.d.e',
      '\0',
    ])('it does not open what was never sealed: %j', async (text) => {
      const box = await openNew();
      expectRefusal(() => box.open(text, 'here'));
    });

    test('a digest tells whether a secret is the same, and nothing of it', async () => {
      const box = await openNew();
      const digest = box.digest('swordfish', 'deployment/a/TOKEN');
      expect(box.digest('swordfish', 'deployment/a/TOKEN')).toBe(digest);
      expect(digest).toMatch(/^hmac-sha256:[0-9a-f]{32}$/);
      const others = ['swordfisH', '', 'swordfish '].map((one) =>
        box.digest(one, 'deployment/a/TOKEN'),
      );
      expect(new Set([digest, ...others]).size).toBe(4);
    });

    test('the digest of what is sealed tells whether it is the same, however often it was sealed', async () => {
      const box = await openNew();
      const digestOf = (plain: string, context = 'here', place = 'a') =>
        box.digestSealed(box.seal(plain, context), context, place);
      expect(digestOf('swordfish')).toBe(digestOf('swordfish'));
      expect(digestOf('swordfish')).toMatch(/^hmac-sha256:[0-9a-f]{32}$/);
      const all = [
        digestOf('swordfish'),
        digestOf('swordfisH'),
        digestOf(''),
        digestOf('swordfish', 'there'),
        digestOf('swordfish', 'here', 'b'),
      ];
      expect(new Set(all).size).toBe(all.length);
    });

    test('the key of another owner does not open it, nor does none', async () => {
      const whole = await openBox();
      const [mine, theirs] = [withKeyOf(whole, 'mine'), withKeyOf(whole, 'theirs')];
      const sealed = mine.seal('swordfish', 'here');
      expect(mine.open(sealed, 'here')).toBe('swordfish');
      expectRefusal(() => theirs.open(sealed, 'here'));
      expectRefusal(() => whole.open(sealed, 'here', undefined));
    });

    test('a key that was put at another owner, or altered, is refused', async () => {
      const whole = await openBox();
      const key = whole.newKey('mine', whole.masterKeyId);
      const other = whole.newKey('theirs', whole.masterKeyId);
      const sealed = whole.seal('swordfish', 'here', key);
      for (const wrong of [
        { ...key, owner: 'theirs' },
        { ...key, publicKey: other.publicKey },
        { ...key, wrappedPrivateKey: other.wrappedPrivateKey },
        { ...key, wrappedDigestKey: other.wrappedDigestKey },
        { ...key, wrappedPrivateKey: key.wrappedDigestKey },
        { ...key, wrappedDigestKey: '' },
      ]) {
        expectRefusal(() => whole.open(sealed, 'here', wrong));
      }
    });

    test('the parts of a key tell nothing of what it opens, and each key is another', async () => {
      const whole = await openBox();
      const keys = [1, 2].map(() => whole.newKey('mine', whole.masterKeyId));
      expect(new Set(keys.flatMap((key) => Object.values(key))).size).toBe(2 + 2 * 4);
      for (const text of Object.values(keys[0] ?? {})) expect(text).toMatch(/^[\w.-]+$/);
    });

    test('a key that is sealed again opens what it opened, with the same digests', async () => {
      const whole = await openBox();
      const key = whole.newKey('mine', whole.masterKeyId);
      const text = whole.seal('swordfish', 'here', key);
      const again = whole.rewrap(key, whole.masterKeyId);
      expect(again.wrappedPrivateKey).not.toBe(key.wrappedPrivateKey);
      expect(whole.open(text, 'here', again)).toBe('swordfish');
      const digester = whole.digesterOf(whole.newKey(berthItself, whole.masterKeyId));
      const of = { text, context: 'here' };
      expect(digester.digestSealed({ ...of, key: again }, 'a')).toBe(
        digester.digestSealed({ ...of, key }, 'a'),
      );
    });

    test('an answer opens for who knows its key, and no secret opens as an answer', async () => {
      const [{ answers, ...box }, other] = [await openNew(), await openNew()];
      const of = { id: 'id', key: 'a key' };
      const sealed = answers.seal('swordfish', of);
      expect(answers.open(sealed, of)).toBe('swordfish');
      expect(sealed).not.toBe(answers.seal('swordfish', of));
      expectRefusal(() => answers.open(sealed, { ...of, key: 'another' }));
      expectRefusal(() => answers.open(sealed, { ...of, id: 'another' }));
      expectRefusal(() => answers.open(`${sealed}A`, of));
      expectRefusal(() => other.answers.open(sealed, of));
      expectRefusal(() => box.open(sealed, 'kept-answer/id'));
      expectRefusal(() => answers.open(box.seal('swordfish', 'kept-answer/id'), of));
    });

    test.each([
      ['https://user:swordfish@example.com/a.git', 'https://', '@example.com/a.git'],
      ['https://swordfish@example.com:8443/a@b.git', 'https://', '@example.com:8443/a@b.git'],
      ['https://u:sword@fish@example.com/a.git', 'https://', '@example.com/a.git'],
      ['ssh://git:swordfish@example.com/a.git', 'ssh://git:', '@example.com/a.git'],
    ])('the credentials in %s are sealed, and nothing else of it', async (url, start, end) => {
      const [whole, other] = [await openBox(), await openBox()];
      const key = whole.newKey(berthItself, whole.masterKeyId);
      const box = whole.repositoriesOf(key);
      const sealed = box.seal(url);
      expect(sealed.startsWith(start) && sealed.endsWith(end)).toBe(true);
      expect(sealed).not.toMatch(/sword|fish@/);
      expect(box.open(sealed)).toBe(url);
      // So that setting it again changes nothing, and after an exchange of the master key either.
      expect(whole.repositoriesOf(whole.rewrap(key, whole.masterKeyId)).seal(url)).toBe(sealed);
      expect(box.seal(url.replace('example', 'example2'))).not.toContain(sealed.slice(0, 40));
      expectRefusal(() => box.open(sealed.replace('example', 'evil')));
      expectRefusal(() => box.open(sealed.replace(`${end}`, `A${end}`)));
      const theirs = other.repositoriesOf(other.newKey(berthItself, other.masterKeyId));
      expectRefusal(() => theirs.open(sealed));
    });

    test.each([
      'https://example.com/a.git',
      'git@example.com:a.git',
      'ssh://git@example.com/a.git',
      'file:///a@b/c.git',
      '/a/b.git',
    ])('%s has no credentials and stays as it is', async (url) => {
      const whole = await openBox();
      const box = whole.repositoriesOf(whole.newKey(berthItself, whole.masterKeyId));
      expect(box.seal(url)).toBe(url);
      expect(box.open(url)).toBe(url);
    });

    test('digests of equal secrets differ by place and by box', async () => {
      const [box, other] = [await openNew(), await openNew()];
      const digests = [
        box.digest('swordfish', 'a'),
        box.digest('swordfish', 'b'),
        // What is place and what is secret stays apart.
        box.digest('swordfish', ''),
        box.digest('ordfish', 'sw'),
        box.digest('wordfish', 's'),
        other.digest('swordfish', 'a'),
      ];
      expect(new Set(digests).size).toBe(digests.length);
    });

    test('what does not open has no digest', async () => {
      const [box, other] = [await openNew(), await openNew()];
      const sealed = box.seal('swordfish', 'here');
      expectRefusal(() => box.digestSealed(sealed, 'there', 'a'));
      expectRefusal(() => other.digestSealed(sealed, 'here', 'a'));
    });
  });
}

/** A box as if it had but one key. */
function withKeyOf(box: WholeBox, owner: string) {
  const key = box.newKey(owner, box.masterKeyId);
  const ownKey = box.newKey(berthItself, box.masterKeyId);
  const digester = box.digesterOf(ownKey);
  return {
    seal: (plain: string, context: string) => box.seal(plain, context, key),
    open: (text: string, context: string) => box.open(text, context, key),
    digest: digester.digest,
    digestSealed: (text: string, context: string, place: string) =>
      digester.digestSealed({ text, context, key }, place),
    answers: box.answersOf(ownKey),
  };
}

function expectRefusal(open: () => string): void {
  let error: unknown;
  try {
    open();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(Failure);
  if (!(error instanceof Failure)) return;
  expect(error.nextStep).toBeTruthy();
  expect(`${error.stack}${error.nextStep}${String(error.cause)}`).not.toContain('swordfish');
}
