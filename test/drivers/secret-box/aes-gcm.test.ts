import { createCipheriv, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeFailure } from '../../../src/core/failure.ts';
import {
  closedHalf,
  newOwnKey,
  openSecretBox,
  secretBoxFromKey,
} from '../../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import { describeSecretBox } from '../../contract/secret-box.suite.ts';
import { runProgram } from '../../support/program.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

describeSecretBox('AES-GCM with a key file', async () =>
  openSecretBox({ keyFile: join(await makeTempFolder(), 'key') }),
);
describeSecretBox('AES-GCM with a key', async () => secretBoxFromKey(randomBytes(32)));

const onWindows = process.platform === 'win32';
const sealProgram = new URL('../../fixtures/secret-box/seal.ts', import.meta.url);

describe('the key file', () => {
  test('is made with its folder, for its owner only, and is all that is left there', async () => {
    const folder = join(await makeTempFolder(), 'data', 'keys');
    const keyFile = join(folder, 'secret-box.key');
    await openSecretBox({ keyFile });
    expect(Buffer.from(await readFile(keyFile, 'utf8'), 'base64')).toHaveLength(32);
    expect(await readdir(folder)).toEqual(['secret-box.key']);
    if (!onWindows) expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  });

  test('opens later what was sealed earlier', async () => {
    const keyFile = join(await makeTempFolder(), 'key');
    const box = await openSecretBox({ keyFile });
    const key = newOwnKey(box);
    const sealed = box.seal('swordfish', 'here', key);
    expect((await openSecretBox({ keyFile })).open(sealed, 'here', key)).toBe('swordfish');
  });

  test('holds a key that can be given by itself', async () => {
    const keyFile = join(await makeTempFolder(), 'key');
    const box = await openSecretBox({ keyFile });
    const key = newOwnKey(box);
    const sealed = box.seal('swordfish', 'here', key);
    const master = await readFile(keyFile, 'utf8');
    expect(secretBoxFromKey(master).open(sealed, 'here', key)).toBe('swordfish');
  });

  test('is the same for many who make it at once in one process', async () => {
    const keyFile = join(await makeTempFolder(), 'new', 'key');
    const boxes = await Promise.all(Array.from({ length: 40 }, () => openSecretBox({ keyFile })));
    expect(new Set(boxes.map((box) => box.masterKeyId)).size).toBe(1);
  });

  test('is the same for several processes that make it at once', async () => {
    const folder = await makeTempFolder();
    const keyFile = join(folder, 'key');
    const printed = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        runProgram(sealProgram, [keyFile, `secret ${index}`, 'here']),
      ),
    );
    const box = await openSecretBox({ keyFile });
    const sealed = printed.map((text) => JSON.parse(text));
    expect(sealed.map(({ text, key }) => box.open(text, 'here', key))).toEqual(
      sealed.map((_, index) => `secret ${index}`),
    );
    expect(await readdir(folder)).toEqual(['key']);
  });

  test.skipIf(onWindows)('is refused where others could read it', async () => {
    const keyFile = join(await makeTempFolder(), 'key');
    await openSecretBox({ keyFile });
    for (const mode of [0o640, 0o604, 0o660, 0o777]) {
      await chmod(keyFile, mode);
      const said = await failureOf(openSecretBox({ keyFile }));
      expect(said).toContain(`${keyFile} can be read by other users`);
      expect(said).toContain(`chmod 600 ${keyFile}`);
    }
    await chmod(keyFile, 0o400);
    await openSecretBox({ keyFile });
  });

  test.each([
    ['nothing', ''],
    ['a short key', randomBytes(31).toString('base64')],
    ['a long key', randomBytes(33).toString('base64')],
    ['a key with a character lost', randomBytes(32).toString('base64').slice(1)],
    ['something else', 'swordfish'],
    ['a large file', 'A'.repeat(100_000)],
  ])('is refused, unrepeated and untouched, where it holds %s', async (_what, text) => {
    const keyFile = join(await makeTempFolder(), 'key');
    await writeFile(keyFile, text, { mode: 0o600 });
    const said = await failureOf(openSecretBox({ keyFile }));
    expect(said).toContain(`The key file ${keyFile} is not 32 bytes of base64`);
    if (text !== '') expect(said).not.toContain(text);
    expect(await readFile(keyFile, 'utf8')).toBe(text);
  });

  test('may not be a folder', async () => {
    const keyFile = join(await makeTempFolder(), 'key');
    await mkdir(keyFile);
    expect(await failureOf(openSecretBox({ keyFile }))).toContain(
      `${keyFile} cannot be used: EISDIR`,
    );
  });

  test('may not lie below a file', async () => {
    const file = join(await makeTempFolder(), 'file');
    await writeFile(file, '');
    const said = await failureOf(openSecretBox({ keyFile: join(file, 'key') }));
    expect(said).toContain('cannot be used: ENOTDIR');
  });
});

describe('a key given by itself', () => {
  test.each([
    ['a word', 'swordfish'],
    ['too few bytes', randomBytes(16).toString('base64')],
    ['too many bytes', randomBytes(33)],
  ])('is refused and not repeated when it is %s', (_what, key) => {
    expect(() => secretBoxFromKey(key)).toThrow(/32 bytes/);
    expect(() => secretBoxFromKey(key)).not.toThrow(String(key));
  });

  test('is named in what it seals, but not told', () => {
    const key = randomBytes(32);
    const box = secretBoxFromKey(key);
    const ownerKey = box.newKey('owner', box.masterKeyId);
    const [version, kid, ...rest] = box.seal('swordfish', 'here', ownerKey).split('.');
    expect([version, kid, rest.length]).toEqual(['v3', ownerKey.id, 5]);
    expect(kid).toMatch(/^[\w-]{8}$/);
    expect(box.masterKeyId).toMatch(/^[\w-]{8}$/);
    expect(key.toString('base64url')).not.toContain(box.masterKeyId);
  });

  test('says which key is wanted where another sealed it', () => {
    const [mine, theirs] = [secretBoxFromKey(randomBytes(32)), secretBoxFromKey(randomBytes(32))];
    const key = newOwnKey(theirs);
    const sealed = theirs.seal('swordfish', 'here', key);
    expect(() => mine.open(sealed, 'here', key)).toThrow(`sealed with key '${theirs.masterKeyId}'`);
  });
});

describe('what was sealed with the key itself', () => {
  const key = randomBytes(32);
  const box = secretBoxFromKey(key);
  const kid = box.masterKeyId;
  const digester = box.digesterOf(newOwnKey(box));
  const answers = box.answersOf(newOwnKey(box));

  test('opens, in its context only', () => {
    const sealed = sealFirst('swordfish', 'deployment/a/TOKEN');
    expect(box.open(sealed, 'deployment/a/TOKEN', undefined)).toBe('swordfish');
    expect(() => box.open(sealed, 'deployment/b/TOKEN', undefined)).toThrow('belongs elsewhere');
    const other = secretBoxFromKey(randomBytes(32));
    expect(() => other.open(sealed, 'deployment/a/TOKEN', undefined)).toThrow(
      `sealed with key '${kid}'`,
    );
  });

  test('has a digest of its text, so that nothing has to be opened for it', () => {
    const sealed = {
      text: sealFirst('swordfish', 'here'),
      context: 'here',
      key: undefined,
    };
    const digest = digester.digestSealed(sealed, 'a');
    expect(digester.digestSealed(sealed, 'a')).toBe(digest);
    expect(digester.digestSealed(sealed, 'b')).not.toBe(digest);
    expect(digest).not.toBe(digester.digest('swordfish', 'a'));
  });

  test('opens as a kept answer where it is one, and never where it is a secured value', () => {
    const of = { id: 'deployment/a/TOKEN', key: 'a key' };
    expect(answers.open(sealFirst('{}', `kept-answer/${of.id}`), of)).toBe('{}');
    const secured = sealFirst('swordfish', 'deployment/a/TOKEN');
    expect(() => answers.open(secured, of)).toThrow('belongs elsewhere');
  });

  function sealFirst(plain: string, context: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(Buffer.from(`v1.${kid}.${context}`));
    const parts = [cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return [
      'v1',
      kid,
      ...[nonce, Buffer.concat(parts)].map((one) => one.toString('base64url')),
    ].join('.');
  }
});

describe('what was sealed with the pair of the master key', () => {
  // Of a Berth that had one key for everything.
  const box = secretBoxFromKey(Buffer.alloc(32, 7));
  const sealed =
    'v2.H1RVvkkN.gNROyhZHaq8i8856neQqhyG0zAduAbbs6zDcErjzpTY.jVz6jIjvPT0O4l2w.VYvM5EtDQ4o_eqkJ_zrAMosOPpVb0qJ8yQ._plDhNebBKe9gnfcKM7GnucKgsmuBBTufJixEV16VGs.e6157SvHA8O_EC7MGozLFjfofqCBAM680RldrPw9qsM';

  test('opens in its context only, with whatever key of an owner', () => {
    for (const key of [undefined, newOwnKey(box)]) {
      expect(box.open(sealed, 'deployment/a/TOKEN', key)).toBe('swordfish');
      expect(() => box.open(sealed, 'deployment/b/TOKEN', key)).toThrow('belongs elsewhere');
    }
    const other = secretBoxFromKey(randomBytes(32));
    expect(() => other.open(sealed, 'deployment/a/TOKEN', undefined)).toThrow("key 'H1RVvkkN'");
  });

  test('has the digest that it had', () => {
    const of = { text: sealed, context: 'deployment/a/TOKEN', key: undefined };
    expect(box.digesterOf(newOwnKey(box)).digestSealed(of, 'x')).toBe(
      'hmac-sha256:7c6f2900635de8d1d9131090aa872628',
    );
  });

  test('opens where it is an answer', () => {
    const answer = 'a1.dXw8sUbSBadSB9e7.urBXS0NUNpRWOYXNMryxK5zHSw_yO8I';
    const of = { id: 'id', key: 'a key' };
    expect(box.answersOf(newOwnKey(box)).open(answer, of)).toBe('{"a":1}');
    const both = secretBoxFromKey(randomBytes(32), [Buffer.alloc(32, 7)]);
    expect(both.answersOf(newOwnKey(both)).open(answer, of)).toBe('{"a":1}');
  });
});

test('the half for what answers requests has no way to open a secret', () => {
  const box = secretBoxFromKey(randomBytes(32));
  const key = newOwnKey(box);
  const { sealer, digester, answers } = closedHalf(box, key);
  const sealed = sealer.seal('swordfish', 'here', key);
  expect(box.open(sealed, 'here', key)).toBe('swordfish');
  expect(Object.keys(sealer)).toEqual(['masterKeyId', 'newKey', 'seal']);
  expect(Object.keys(digester)).toEqual(['digest', 'digestSealed']);
  for (const id of ['here', '../here', '']) {
    expect(() => answers.open(sealed, { id, key: '' })).toThrow('not a sealed secret');
  }
});

async function failureOf(opening: Promise<unknown>): Promise<string> {
  return opening.then(() => 'opened', describeFailure);
}
