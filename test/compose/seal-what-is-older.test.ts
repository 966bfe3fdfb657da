import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sealWhatIsOlder } from '../../src/compose/seal-what-is-older.ts';
import { openOwnKey } from '../../src/control-plane/sealing/sealing-keys.ts';
import { secretBoxFromKey } from '../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import {
  applicationDeployment,
  connector,
  connectorStaged,
  deployment,
  release,
  releaseApplication,
  revision,
} from '../support/records.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

/** Of a Berth that had one key for everything; it is of `Buffer.alloc(32, 7)`, for `deployment/a/TOKEN`. */
const older =
  'v2.H1RVvkkN.gNROyhZHaq8i8856neQqhyG0zAduAbbs6zDcErjzpTY.jVz6jIjvPT0O4l2w.VYvM5EtDQ4o_eqkJ_zrAMosOPpVb0qJ8yQ._plDhNebBKe9gnfcKM7GnucKgsmuBBTufJixEV16VGs.e6157SvHA8O_EC7MGozLFjfofqCBAM680RldrPw9qsM';
const context = 'deployment/a/TOKEN';

test('what was sealed with the master key is sealed with its Deployment’s, everywhere, and once', async () => {
  const folder = await makeTempFolder();
  await using store = await openSqliteStore({ file: join(folder, 'store.db') });
  const box = secretBoxFromKey(Buffer.alloc(32, 7));
  const ownKey = await openOwnKey({ store, sealer: box });
  const lost = older.replace('H1RVvkkN', 'notHere_');
  const secured = [
    { key: 'TOKEN', sealed: older, empty: false, length: 9 },
    { key: 'LOST', sealed: lost, empty: false },
  ];
  const application = applicationDeployment({ configuration: { standard: [], secured } });
  const repository = { url: 'https://user:swordfish@example.com/a.git', tag: 'v1' };
  const snapshot = { ...deployment().connector, repository };
  const record = deployment({
    id: 'a',
    version: 4,
    applications: [application],
    connector: snapshot,
  });
  const running = release({
    deploymentId: 'a',
    state: 'current',
    applications: [releaseApplication({ environment: { plain: [], sealed: secured } })],
  });
  const kept = revision({
    deploymentId: 'a',
    number: 4,
    connector: snapshot,
    applications: [{ ...application, artifactKey: 'artifact' }],
  });
  await store.commit([
    { kind: 'insert-connector-staged', record: connectorStaged({ repository }) },
    { kind: 'put-connector', record: connector({ repository }) },
    { kind: 'insert-deployment', record },
    { kind: 'insert-release', record: running },
    { kind: 'insert-revision', record: kept },
    { kind: 'set-release-routed', id: running.id },
  ]);

  const seal = () =>
    sealWhatIsOlder(
      { store, secrets: box, ownKey },
      { lock: join(folder, 'lock'), signal: AbortSignal.timeout(30_000) },
    );
  const documents = async () =>
    JSON.stringify([
      await store.deployments.byId('a'),
      await store.revisions.get(kept.projectKey, 'a', 4),
      await store.connectors.stagedAnywhere({ id: 'connector' }),
      await store.connectors.publishedAnywhere({ id: 'connector' }),
      await store.runtime.releases({ states: ['current'] }),
    ]);
  // Two control planes that start at once.
  await Promise.all([seal(), seal()]);
  const once = await documents();
  await seal();
  expect(await documents()).toBe(once);
  expect(once).not.toContain('swordfish');
  const urls = once.match(/https:[^"]*@example.com\/a.git/g) ?? [];
  expect(urls.map((url) => box.repositoriesOf(ownKey).open(url))).toEqual(
    Array.from({ length: 4 }, () => repository.url),
  );

  const key = await store.sealingKeys.get('a');
  const [after, [releaseAfter], revisionAfter] = await Promise.all([
    store.deployments.byId('a'),
    store.runtime.releases({ states: ['current'] }),
    store.revisions.get(kept.projectKey, 'a', 4),
  ]);
  const lists = [
    after?.applications[0]?.configuration.secured,
    releaseAfter?.applications[0]?.environment.sealed,
    revisionAfter?.applications[0]?.configuration.secured,
  ];
  for (const list of lists) {
    const [token, stays] = list ?? [];
    expect(token).toMatchObject({ key: 'TOKEN', empty: false, length: 9 });
    expect(token?.sealed).toMatch(/^v3\./);
    expect(box.open(token?.sealed ?? '', context, key)).toBe('swordfish');
    expect(stays?.sealed).toBe(lost);
  }
  expect(after?.version).toBe(4);
  expect(releaseAfter).toMatchObject({ state: 'current', routed: true });

  // Whoever exchanges the master key has this alone to seal again.
  const next = secretBoxFromKey(randomBytes(32), [Buffer.alloc(32, 7)]);
  const again = key && next.rewrap(key, next.masterKeyId);
  const alone = lists[0]?.[0]?.sealed ?? '';
  expect(next.open(alone, context, again)).toBe('swordfish');
  expect(() => box.open(alone, context, again)).toThrow('sealed with key');
});
