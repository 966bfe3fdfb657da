import { randomUUID } from 'node:crypto';
import type { Deployment } from '../../src/core/deployment.ts';
import type { StepEntry } from '../../src/core/operation.ts';
import type { Release } from '../../src/core/release.ts';
import type { DeploymentRevision } from '../../src/core/revision.ts';
import type { SealingKey } from '../../src/core/sealing-key.ts';
import type { Address } from '../../src/ports/runtime-reader.ts';
import type { Change, Store } from '../../src/ports/store.ts';
import type { Berth } from '../../test/support/berth.ts';
import { deploy, draftOf, previewConnector } from '../../test/support/deploy.ts';
import { createRepository } from '../../test/support/git-repository.ts';
import { tinyConnector } from '../../test/support/tiny-connector.ts';

/** What the platform has written of a Deployment that was really deployed: others are made in its image. */
export interface Original {
  readonly deployment: Deployment;
  readonly entries: readonly StepEntry[];
  readonly release: Release;
  readonly revision: DeploymentRevision;
  readonly addresses: readonly Address[];
  readonly sealingKey: SealingKey;
}

/** A service, which sleeps after each start of Berth until somebody asks for it. */
export async function deployOriginal(berth: Berth): Promise<Original> {
  await using repository = await createRepository({
    files: tinyConnector({ app: {} }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const { body } = await deploy(berth, draftOf(connector));
  if (body.status !== 'Deployed')
    throw new Error(`The original was not deployed:\n${JSON.stringify(body, undefined, 2)}`);
  await using store = await berth.openStore();
  return await readOriginal(store, berth.projectKey, body.id);
}

async function readOriginal(store: Store, projectKey: string, id: string): Promise<Original> {
  const deployment = await store.deployments.byId(id);
  const [release] = await store.runtime.releases({ states: ['current'], deploymentId: id });
  const revision = await store.revisions.get(projectKey, id, deployment?.version ?? 0);
  const sealingKey = await store.sealingKeys.get(id);
  if (deployment === undefined || release === undefined || revision === undefined || !sealingKey)
    throw new Error('The original is not in the store');
  const addresses = await store.runtime.addresses();
  return {
    ...{ deployment, release, revision, sealingKey },
    entries: await store.reports.entries([deployment.buildId]),
    addresses: addresses.filter(({ deploymentId }) => deploymentId === id),
  };
}

/** Without a key of its own a Deployment would be given one when Berth starts. */
export function sealingKeyFor({ sealingKey }: Original, deploymentId: string): Change {
  const key = { ...sealingKey, owner: deploymentId, id: randomUUID() };
  return { kind: 'insert-sealing-key', key };
}

/** So many in one commit. */
const changesPerCommit = 1_000;

export async function commitInParts(store: Store, changes: Iterable<Change>): Promise<void> {
  let part: Change[] = [];
  const commit = async (): Promise<void> => {
    await store.commit(part);
    part = [];
  };
  for (const change of changes) {
    if (part.push(change) === changesPerCommit) await commit();
  }
  if (part.length > 0) await commit();
}
