import { findOrMakeSealingKey } from '../control-plane/sealing/sealing-keys.ts';
import { Failure } from '../core/failure.ts';
import { releaseStates } from '../core/release.ts';
import {
  changeSealedOfDeployment,
  changeSealedOfRelease,
  changeSealedOfRevision,
} from '../core/sealed-texts.ts';
import { secretContext } from '../core/secret-context.ts';
import type { SecretBox } from '../drivers/secret-box/aes-gcm/secret-box.ts';
import type { Change, Store } from '../ports/store.ts';

const atOnce = 100;

/**
 * Gives a key to each Deployment that is older than such keys, and seals with it what was sealed with the master key. Only
 * for whoever has the control plane to himself. @returns how many Deployments
 */
export async function sealForOwners(store: Store, secrets: SecretBox): Promise<number> {
  let count = 0;
  for (;;) {
    const ids = await store.sealingKeys.deploymentsWithout(atOnce);
    for (const id of ids) await sealDeployment(store, secrets, id);
    count += ids.length;
    if (ids.length === 0) return count;
  }
}

async function sealDeployment(store: Store, secrets: SecretBox, id: string): Promise<void> {
  const deployment = await store.deployments.byId(id);
  if (deployment === undefined) return;
  const { projectKey, version } = deployment;
  const { key, changes } = await findOrMakeSealingKey({ store, sealer: secrets }, id);
  const change = (text: string, name: string): string => {
    const context = secretContext(id, name);
    try {
      return secrets.seal(secrets.open(text, context, key), context, key);
    } catch (error) {
      // What cannot be opened any more stays as it is: it must be set again.
      if (!(error instanceof Failure)) throw error;
      return text;
    }
  };
  const releases = await store.runtime.releases({ states: releaseStates, deploymentId: id });
  const numbers = await store.revisions.numbers(projectKey, id);
  const revisions: Change[] = [];
  for (const number of numbers) {
    const revision = await store.revisions.get(projectKey, id, number);
    if (revision === undefined) continue;
    const record = changeSealedOfRevision(revision, change);
    revisions.push({ kind: 'insert-revision', record });
  }
  await store.commit([
    ...changes,
    {
      kind: 'update-deployment',
      record: changeSealedOfDeployment(deployment, change),
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
