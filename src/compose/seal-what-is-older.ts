import { setTimeout as wait } from 'node:timers/promises';
import { findOrMakeSealingKey } from '../control-plane/sealing/sealing-keys.ts';
import { type ConnectorContent, connectorStagedStatuses } from '../core/connector.ts';
import { Failure } from '../core/failure.ts';
import { releaseStates } from '../core/release.ts';
import {
  changeSealedOfDeployment,
  changeSealedOfRelease,
  changeSealedOfRevision,
} from '../core/sealed-texts.ts';
import type { SealingKey } from '../core/sealing-key.ts';
import { secretContext } from '../core/secret-context.ts';
import type { SecretBox } from '../drivers/secret-box/aes-gcm/secret-box.ts';
import type { Change, Store } from '../ports/store.ts';
import { tryLock } from './file-lock.ts';

const atOnce = 100;
const retryMs = 50;

export interface Sealing {
  readonly store: Store;
  readonly secrets: SecretBox;
  /** Berth's own. */
  readonly ownKey: SealingKey;
}

/**
 * Seals what an older Berth has left: gives a key to each Deployment that has none, seals with it what was sealed with the
 * master key, and seals plain passwords in the URLs of repositories. One control plane does it, and no other begins to work
 * before it is done.
 */
export async function sealWhatIsOlder(
  sealing: Sealing,
  { lock, signal }: { readonly lock: string; readonly signal: AbortSignal },
): Promise<void> {
  using _lock = await waitForLock(lock, signal);
  await sealForOwners(sealing);
  await sealRepositories(sealing);
}

async function waitForLock(file: string, signal: AbortSignal): Promise<Disposable> {
  for (;;) {
    const lock = tryLock(file);
    if (lock !== undefined) return lock;
    await wait(retryMs, undefined, { signal });
  }
}

async function sealForOwners(sealing: Sealing): Promise<void> {
  for (;;) {
    const ids = await sealing.store.sealingKeys.deploymentsWithout(atOnce);
    for (const id of ids) await sealDeployment(sealing, id);
    if (ids.length === 0) return;
  }
}

async function sealRepositories(sealing: Sealing): Promise<void> {
  const { store } = sealing;
  for (const staged of await store.connectors.stagedInStatus(connectorStagedStatuses)) {
    const [published] = await store.connectors.publishedAnywhere({ id: staged.id });
    const changes: Change[] = [];
    const record = sealRepository(sealing, staged);
    if (record.repository.url !== staged.repository.url)
      changes.push({ kind: 'update-connector-staged', record, expectedVersion: staged.version });
    const other = published && sealRepository(sealing, published);
    if (other !== undefined && other.repository.url !== published?.repository.url)
      changes.push({ kind: 'put-connector', record: other });
    if (changes.length > 0) await store.commit(changes);
  }
}

function sealRepository<R extends { readonly repository: ConnectorContent['repository'] }>(
  { secrets, ownKey }: Sealing,
  record: R,
): R {
  const { seal, open } = secrets.repositoriesOf(ownKey);
  const { url, tag } = record.repository;
  const sealed = orAsItIs(url, () => seal(open(url)));
  return { ...record, repository: { url: sealed, tag } };
}

/** What cannot be opened any more stays: it must be set again. */
function orAsItIs(text: string, seal: () => string): string {
  try {
    return seal();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return text;
  }
}

async function sealDeployment(sealing: Sealing, id: string): Promise<void> {
  const { store, secrets } = sealing;
  const deployment = await store.deployments.byId(id);
  if (deployment === undefined) return;
  const { projectKey, version } = deployment;
  const { key, changes } = await findOrMakeSealingKey({ store, sealer: secrets }, id);
  const change = (text: string, name: string): string => {
    const context = secretContext(id, name);
    return orAsItIs(text, () => secrets.seal(secrets.open(text, context, key), context, key));
  };
  const releases = await store.runtime.releases({ states: releaseStates, deploymentId: id });
  const numbers = await store.revisions.numbers(projectKey, id);
  const revisions: Change[] = [];
  for (const number of numbers) {
    const revision = await store.revisions.get(projectKey, id, number);
    if (revision === undefined) continue;
    const { connector, ...rest } = changeSealedOfRevision(revision, change);
    const record = { ...rest, connector: sealRepository(sealing, connector) };
    revisions.push({ kind: 'insert-revision', record });
  }
  await store.commit([
    ...changes,
    {
      kind: 'update-deployment',
      record: {
        ...changeSealedOfDeployment(deployment, change),
        connector: sealRepository(sealing, deployment.connector),
      },
      expectedVersion: version,
    },
    ...releases.map(
      (release): Change => ({
        kind: 'replace-artifacts',
        record: changeSealedOfRelease(release, change),
      }),
    ),
    { kind: 'delete-revisions', deploymentId: id, numbers },
    ...revisions,
  ]);
}
