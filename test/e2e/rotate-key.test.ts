import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { secretBoxFromKey } from '../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { watchCommandLines } from '../support/command-lines.ts';
import {
  deploy,
  draftOf,
  previewConnector,
  readLog,
  redeploy,
  settleDeployment,
} from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { recordingProgram } from '../support/recording-program.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { keys, tinyConnector, tinyServer } from '../support/tiny-connector.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

/** One secret, and a script that says which variables it sees. */
async function prepare(berth: Berth) {
  const repository = await createRepository({
    files: tinyConnector({
      app: {
        server: `if (process.env.SLOW) setTimeout(serve, 1500); else serve();\nfunction serve() { ${tinyServer} }`,
        packageScripts: { build: 'node build.cjs' },
        spec: { scripts: { postDeploy: 'node script.cjs' }, ...keys(['SLOW'], ['TOKEN']) },
        files: {
          'script.cjs': 'console.log("script sees", JSON.stringify(process.env));',
          'build.cjs':
            'require("node:fs").writeFileSync("build.json", JSON.stringify(process.env));',
        },
      },
    }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const draftWith = (key: string, value: string) => {
    const draft = draftOf(connector, { key });
    draft.configurations[0].securedConfiguration = [{ key: 'TOKEN', value }];
    return draft;
  };
  return { repository, draftWith, [Symbol.asyncDispose]: () => repository.remove() };
}

async function tokenOf({ body }: Answer): Promise<string> {
  return (await fetch(`${body.applications[0].url}/env/TOKEN`)).text();
}

function rotate(berth: Berth, environment: Readonly<Record<string, string>> = {}) {
  return execa(process.execPath, [program, 'rotate-key', '--json'], {
    env: { BERTH_DATA_DIR: berth.dataDirectory, ...environment },
    reject: false,
  });
}

/** What of the keys in the store a master key opens. */
async function opensAny(berth: Berth, masterKey: string): Promise<boolean> {
  await using store = await openSqliteStore({ file: join(berth.dataDirectory, 'berth.db') });
  const box = secretBoxFromKey(masterKey);
  const all = await store.sealingKeys.notSealedWith('none', 100);
  expect(all.length).toBeGreaterThan(1);
  const opened = all.map((key) => {
    try {
      return box.rewrap(key, box.masterKeyId) !== undefined;
    } catch {
      return false;
    }
  });
  return opened.includes(true);
}

async function wrappedKeys(berth: Berth): Promise<readonly string[]> {
  await using store = await openSqliteStore({ file: join(berth.dataDirectory, 'berth.db') });
  const all = await store.sealingKeys.notSealedWith('none', 100);
  return all.flatMap((key) => [key.wrappedPrivateKey, key.wrappedDigestKey]);
}

async function anyInRecords(berth: Berth, texts: readonly string[]): Promise<boolean> {
  const files = ['berth.db', 'berth.db-wal'].map((name) => join(berth.dataDirectory, name));
  const found = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
  return texts.some((text) => found.join().includes(text));
}

test('the master key is exchanged while Berth serves and deploys, and can be cut off anywhere', async () => {
  await using berth = await startBerth();
  await using world = await prepare(berth);
  const keyFile = join(berth.dataDirectory, 'keys/secrets.key');
  const first = await readFile(keyFile, 'utf8');
  const one = await deploy(berth, world.draftWith('one', 'swordfish-1'));
  const other = await deploy(berth, world.draftWith('other', 'swordfish-2'));
  expect([one.body.status, other.body.status]).toEqual(['Deployed', 'Deployed']);
  const backup = join(await makeTempFolder(), 'backup');
  const data = { BERTH_DATA_DIR: berth.dataDirectory };
  await execa(process.execPath, [program, 'backup', backup], { env: data });

  // Under way: the new instance starts after the exchange has begun.
  const slow = [{ key: 'SLOW', value: 'yes' }];
  const accepted = await redeploy(berth, one, {
    configurationValues: [{ applicationName: 'app', standardConfiguration: slow }],
  });
  const wrapped = await wrappedKeys(berth);
  expect(await anyInRecords(berth, wrapped)).toBe(true);
  const rotated = await rotate(berth);
  expect(rotated.stderr).toBe('');
  expect(await anyInRecords(berth, wrapped)).toBe(false);
  const { from, to, keys: count, resumed } = JSON.parse(rotated.stdout);
  expect({ count, resumed, differ: from !== to }).toEqual({
    count: 3,
    resumed: false,
    differ: true,
  });
  const redeployed = await settleDeployment(berth, accepted.body.id);
  expect(redeployed.body.status).toBe('Deployed');
  expect(await tokenOf(redeployed)).toBe('swordfish-1');
  expect(await readFile(keyFile, 'utf8')).not.toContain(first.trim());
  expect(await opensAny(berth, first)).toBe(false);
  expect(await opensAny(berth, await readFile(keyFile, 'utf8'))).toBe(true);

  // Running planes find it: a new Deployment, an old one, an instance that starts again.
  const third = await deploy(berth, world.draftWith('third', 'swordfish-3'));
  expect(await tokenOf(third)).toBe('swordfish-3');
  const again = await settleDeployment(berth, (await redeploy(berth, other)).body.id);
  expect(await tokenOf(again)).toBe('swordfish-2');
  await Promise.all([berth.kill('control'), berth.kill('data')]);
  await berth.stop();

  // Cut off at each of its steps: the file has both, or the store names the new one, or some keys are done.
  const second = (await readFile(keyFile, 'utf8')).trim();
  const third_ = randomBytes(32).toString('base64');
  for (const done of [0, 1, 2]) {
    await writeFile(keyFile, `${third_}\n${second}\n`, { mode: 0o600 });
    if (done > 0) await begin(berth, { second, next: third_, done: done - 1 });
    if (done === 0) {
      const refused = await execa(process.execPath, [program, 'backup', `${backup}2`], {
        env: data,
      });
      expect(refused.exitCode).toBe(0);
    } else {
      const refused = await execa(process.execPath, [program, 'backup', `${backup}${done + 2}`], {
        env: data,
        reject: false,
      });
      expect(refused.stderr).toContain('The master key is being exchanged');
    }
    await berth.start();
    const kept = await settleDeployment(berth, third.body.id);
    await expect.poll(() => tokenOf(kept).catch(() => ''), { timeout: 60_000 }).toBe('swordfish-3');
    const ended = await rotate(berth);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      resumed: true,
      keys: 4 - Math.max(0, done - 1),
    });
    expect(await opensAny(berth, second)).toBe(false);
    await berth.stop();
    if (done < 2) await putBack(berth, { second, next: third_ });
  }

  // The backup of before needs the key of before.
  const target = join(await makeTempFolder(), 'target');
  const restore = (key: string) =>
    execa(process.execPath, [program, 'restore', backup, '--key-file', key], {
      env: { BERTH_DATA_DIR: target },
      reject: false,
    });
  expect((await restore(keyFile)).stderr).toContain('need the key');
  const oldFile = join(await makeTempFolder(), 'old.key');
  await writeFile(oldFile, first, { mode: 0o600 });
  expect((await restore(oldFile)).exitCode).toBe(0);
}, 360_000);

interface Cut {
  readonly second: string;
  readonly next: string;
}

/** What `berth rotate-key` has done when it is killed behind so many keys. */
async function begin(berth: Berth, { second, next, done }: Cut & { readonly done: number }) {
  await using store = await openSqliteStore({ file: join(berth.dataDirectory, 'berth.db') });
  const box = secretBoxFromKey(next, [second]);
  const [to = '', from = ''] = box.masterKeyIds;
  const some = await store.sealingKeys.notSealedWith(to, done);
  await store.commit([
    { kind: 'set-master-key', id: to, instead: from },
    ...some.map((key) => ({ kind: 'rewrap-sealing-key' as const, key: box.rewrap(key, to) })),
  ]);
}

async function putBack(berth: Berth, { second, next }: Cut) {
  await using store = await openSqliteStore({ file: join(berth.dataDirectory, 'berth.db') });
  const box = secretBoxFromKey(second, [next]);
  const [to = '', from = ''] = box.masterKeyIds;
  const all = await store.sealingKeys.notSealedWith(to, 100);
  await store.commit([
    { kind: 'set-master-key', id: to, instead: from },
    ...all.map((key) => ({ kind: 'rewrap-sealing-key' as const, key: box.rewrap(key, to) })),
  ]);
}

test('a master key from the environment reaches no child, is exchanged by a restart, and its loss is told', async () => {
  const [first, second] = [1, 2].map(() => randomBytes(32).toString('base64')) as [string, string];
  const git = await recordingProgram('git');
  await using berth = await startBerth({
    environment: { BERTH_MASTER_KEY: first, PATH: git.path },
  });
  const environments: string[] = [];
  const commands = watchCommandLines(
    () => berth.pidOf('supervisor'),
    (line, environment) => {
      // A child is a copy of its plane until its own program begins.
      if (!/ serve( --plane (control|data))? ?$/.test(line))
        environments.push(`${line}\0${environment}`);
    },
  );
  await using world = await prepare(berth);
  const one = await deploy(berth, world.draftWith('one', 'swordfish-1'));
  expect(await tokenOf(one)).toBe('swordfish-1');
  expect(JSON.stringify(await readLog(berth, one.body.id))).toContain('script sees');
  await commands[Symbol.asyncDispose]();
  // Git is gone too quickly to be looked at.
  expect(await git.environments()).toContain('GIT_');
  environments.push(`git\0${await git.environments()}`);
  expect(environments.some((text) => text.includes('swordfish-1'))).toBe(true);
  const told = environments.filter(
    (text) => text.includes(first) || /BERTH_MASTER|BERTH_BOOTSTRAP_CLIENT_SECRET/.test(text),
  );
  expect(told.map((text) => text.split('\0')[0])).toEqual([]);
  const nothing = await rotate(berth, { BERTH_MASTER_KEY: first });
  expect(nothing.exitCode).toBe(1);
  expect(nothing.stderr).toContain('BERTH_MASTER_KEY_PREVIOUS');

  await berth.stop();
  const both = { BERTH_MASTER_KEY: second, BERTH_MASTER_KEY_PREVIOUS: first };
  await berth.start(both);
  const rotated = await rotate(berth, both);
  expect(JSON.parse(rotated.stdout)).toMatchObject({ keys: 2 });
  expect(await opensAny(berth, first)).toBe(false);
  await berth.stop();
  await berth.start({ BERTH_MASTER_KEY: second });
  const again = await settleDeployment(berth, (await redeploy(berth, one)).body.id);
  expect(await tokenOf(again)).toBe('swordfish-1');
  await berth.stop();

  await expect(berth.start({ BERTH_MASTER_KEY: first })).rejects.toThrow(/need the master key/);
  const lost = await execa(process.execPath, [program, 'rotate-key', '--lost'], {
    env: { BERTH_DATA_DIR: berth.dataDirectory, BERTH_MASTER_KEY: first },
  });
  expect(lost.stdout).toContain('which is lost');
  await berth.start({ BERTH_MASTER_KEY: first });
  const set = await redeploy(berth, again, {
    configurationValues: [
      { applicationName: 'app', securedConfiguration: [{ key: 'TOKEN', value: 'swordfish-9' }] },
    ],
  });
  expect(await tokenOf(await settleDeployment(berth, set.body.id))).toBe('swordfish-9');
}, 240_000);
