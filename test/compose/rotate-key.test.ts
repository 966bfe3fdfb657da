import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { replaceLostKey, rotateKey } from '../../src/compose/rotate-key.ts';
import {
  newSealingKey,
  openOwnKey,
  untilMasterKeyStays,
} from '../../src/control-plane/sealing/sealing-keys.ts';
import { berthItself } from '../../src/core/sealing-key.ts';
import {
  openSecretBox,
  type SecretBox,
  secretBoxFromKey,
} from '../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Store } from '../../src/ports/store.ts';
import { failureOf } from '../contract/store/place.ts';
import { deployment } from '../support/records.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

interface Secret {
  readonly owner: string;
  readonly text: string;
}

/** Records of so many owners, each with a secret of its own name. */
async function makeRecords(count: number) {
  const dataDirectory = await makeTempFolder();
  const keyFile = join(dataDirectory, 'keys/secrets.key');
  const box = await openSecretBox({ keyFile });
  await using store = await openStoreOf(dataDirectory);
  await openOwnKey({ store, sealer: box });
  const secrets: Secret[] = [];
  for (let at = 0; at < count; at += 1) secrets.push(await addOwner(store, box, `owner-${at}`));
  const config = { dataDirectory, masterKey: {} };
  return { config, keyFile, secrets, first: (await readFile(keyFile, 'utf8')).trim() };
}

function openStoreOf(dataDirectory: string): Promise<Store> {
  return openSqliteStore({ file: join(dataDirectory, 'berth.db') });
}

/** As a command does. */
function addOwner(store: Store, box: SecretBox, owner: string): Promise<Secret> {
  return untilMasterKeyStays(async () => {
    const { key, changes } = await newSealingKey({ store, sealer: box }, owner);
    await store.commit(changes);
    return { owner, text: box.seal(owner, 'here', key) };
  });
}

async function expectReadable(store: Store, box: SecretBox, secrets: readonly Secret[]) {
  for (const { owner, text } of secrets)
    expect(box.open(text, 'here', await store.sealingKeys.get(owner))).toBe(owner);
}

async function expectExchanged(store: Store, first: string): Promise<void> {
  const old = secretBoxFromKey(first);
  expect(await store.sealingKeys.masterKeyId()).not.toBe(old.masterKeyId);
  for (const key of await store.sealingKeys.notSealedWith('none', 10_000))
    expect(() => old.rewrap(key, old.masterKeyId)).toThrow('sealed with key');
}

describe('berth rotate-key', () => {
  test('that is killed again and again leaves everything readable, and comes to its end', async () => {
    const { config, keyFile, secrets, first } = await makeRecords(200);
    await using store = await openStoreOf(config.dataDirectory);
    const env = { BERTH_DATA_DIR: config.dataDirectory };
    const rotate = () =>
      execa(process.execPath, [program, 'rotate-key', '--json'], { env, reject: false });
    // The first of all is slower than those after it.
    await rotate();
    const begun = performance.now();
    await rotate();
    const wholeMs = performance.now() - begun;
    let cut = 0;
    for (let at = 0; at < 6; at += 1) {
      const child = rotate();
      const kill = setTimeout(() => child.kill('SIGKILL'), wholeMs * (0.4 + at * 0.1));
      const { signal } = await child;
      clearTimeout(kill);
      if (signal === 'SIGKILL') cut += 1;
      const some = secrets.filter((_, place) => place % 20 === at);
      await expectReadable(store, await openSecretBox({ keyFile }), some);
    }
    expect(cut).toBeGreaterThan(0);
    const { stdout } = await rotate();
    const { to } = JSON.parse(stdout);
    expect(await store.sealingKeys.masterKeyId()).toBe(to);
    await expectExchanged(store, first);
    const text = await readFile(keyFile, 'utf8');
    expect(text).toMatch(/^[^\n]+\n$/);
    expect(secretBoxFromKey(text).masterKeyId).toBe(to);
    await expectReadable(store, await openSecretBox({ keyFile }), secrets);
  }, 180_000);

  test('lets no key slip through that is made meanwhile, by a box that was open before', async () => {
    const { config, keyFile, secrets, first } = await makeRecords(150);
    await using store = await openStoreOf(config.dataDirectory);
    const box = await openSecretBox({ keyFile });
    const meanwhile: Secret[] = [];
    const end = new AbortController();
    const adding = (async () => {
      while (!end.signal.aborted)
        meanwhile.push(await addOwner(store, box, `meanwhile-${meanwhile.length}`));
    })();
    const rotated = [await rotateKey(config), await rotateKey(config), await rotateKey(config)];
    end.abort();
    await adding;
    expect(new Set(rotated.flatMap(({ from, to }) => [from, to])).size).toBe(4);
    expect(meanwhile.length).toBeGreaterThan(0);
    await expectReadable(store, box, [...secrets, ...meanwhile]);
    await expectReadable(store, await openSecretBox({ keyFile }), [...secrets, ...meanwhile]);
    await expectExchanged(store, first);
  });

  test('is refused where the key is another, and then begins anew if it is lost', async () => {
    const { config, keyFile, secrets } = await makeRecords(2);
    const notLost = await failureOf(replaceLostKey(config));
    expect(String(notLost)).toContain('is not lost');
    await writeFile(keyFile, randomBytes(32).toString('base64'));
    expect(String(await failureOf(rotateKey(config)))).toContain('need the master key');
    const { to } = await replaceLostKey(config);
    await using store = await openStoreOf(config.dataDirectory);
    expect(await store.sealingKeys.masterKeyId()).toBe(to);
    expect(await store.sealingKeys.get(berthItself)).toBeDefined();
    const box = await openSecretBox({ keyFile });
    for (const { owner, text } of secrets)
      await expect(
        store.sealingKeys.get(owner).then((key) => box.open(text, 'here', key)),
      ).rejects.toThrow('The key that opens this secret is gone');
    await rotateKey(config);
  });

  test('waits for the first start of this version where Deployments have no keys yet', async () => {
    const { config } = await makeRecords(1);
    {
      await using store = await openStoreOf(config.dataDirectory);
      await store.commit([{ kind: 'insert-deployment', record: deployment() }]);
    }
    expect(String(await failureOf(rotateKey(config)))).toContain('no key of their own');
  });

  test('leads to another file and to the environment, with the key before beside it', async () => {
    const { config, secrets, first } = await makeRecords(3);
    const given = randomBytes(32).toString('base64');
    const alone = { ...config, masterKey: { key: given } };
    expect(String(await failureOf(rotateKey(alone)))).toContain('need the master key');
    expect(
      await rotateKey({ ...config, masterKey: { key: given, previous: first } }),
    ).toMatchObject({
      keys: 4,
      resumed: true,
    });
    expect(String(await failureOf(rotateKey(alone)))).toContain('which Berth cannot change');
    const file = join(config.dataDirectory, 'other.key');
    await rotateKey({ ...config, masterKey: { file, previous: given } });
    await using store = await openStoreOf(config.dataDirectory);
    await expectReadable(store, await openSecretBox({ keyFile: file }), secrets);
    await expectExchanged(store, first);
    await expectExchanged(store, given);
  });
});
