import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sealForOwners } from '../../src/compose/seal-for-owners.ts';
import { openOwnKey } from '../../src/control-plane/sealing/sealing-keys.ts';
import { secretBoxFromKey } from '../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import {
  applicationDeployment,
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
  await using store = await openSqliteStore({ file: join(await makeTempFolder(), 'store.db') });
  const box = secretBoxFromKey(Buffer.alloc(32, 7));
  await openOwnKey({ store, sealer: box });
  const lost = older.replace('H1RVvkkN', 'notHere_');
  const secured = [
    { key: 'TOKEN', sealed: older, empty: false, length: 9 },
    { key: 'LOST', sealed: lost, empty: false },
  ];
  const application = applicationDeployment({ configuration: { standard: [], secured } });
  const record = deployment({ id: 'a', version: 4, applications: [application] });
  const running = release({
    deploymentId: 'a',
    state: 'current',
    applications: [releaseApplication({ environment: { plain: [], sealed: secured } })],
  });
  const kept = revision({
    deploymentId: 'a',
    number: 4,
    applications: [{ ...application, artifactKey: 'artifact' }],
  });
  await store.commit([
    { kind: 'insert-deployment', record },
    { kind: 'insert-release', record: running },
    { kind: 'insert-revision', record: kept },
    { kind: 'set-release-routed', id: running.id },
  ]);

  expect(await sealForOwners(store, box)).toBe(1);
  expect(await sealForOwners(store, box)).toBe(0);

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
