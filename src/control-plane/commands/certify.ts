import { type CertificationStep, decideCertification } from '../../core/certification.ts';
import type { ConnectorStaged } from '../../core/connector.ts';
import { Failure } from '../../core/failure.ts';
import { StaleVersion } from '../../core/store-failure.ts';
import type { Store } from '../../ports/store.ts';
import type { CommandDependencies } from './dependencies.ts';

/** How an operator names a ConnectorStaged: an id, or a key, which other projects may have too. */
export interface CertificationTarget {
  readonly idOrKey: string;
  readonly projectKey?: string;
}

/**
 * An operator's step in a certification (contract §7), beside whatever the server does: one commit, of the version that
 * was read.
 * @throws Failure where there is no such ConnectorStaged, or its status does not allow it
 */
export async function certify(
  { store, clock }: Pick<CommandDependencies, 'store' | 'clock'>,
  target: CertificationTarget,
  asked: { readonly step: CertificationStep; readonly comment?: string },
): Promise<ConnectorStaged> {
  const before = await findStaged(store, target);
  const [published] = await store.connectors.publishedAnywhere({ id: before.id });
  const { staged, connector } = decideCertification(
    { staged: before, published },
    asked,
    clock.now(),
  );
  try {
    await store.commit([
      { kind: 'update-connector-staged', record: staged, expectedVersion: before.version },
      ...(connector === undefined ? [] : [{ kind: 'put-connector' as const, record: connector }]),
    ]);
  } catch (error) {
    if (!(error instanceof StaleVersion)) throw error;
    throw new Failure(`Somebody has changed the ConnectorStaged ${before.id} at the same moment.`, {
      nextStep: 'Nothing was done. Look at it again: berth certify list',
    });
  }
  return staged;
}

async function findStaged(
  store: Store,
  { idOrKey, projectKey }: CertificationTarget,
): Promise<ConnectorStaged> {
  const [byId, byKey] = await Promise.all([
    store.connectors.stagedAnywhere({ id: idOrKey.toLowerCase() }),
    store.connectors.stagedAnywhere({ key: idOrKey }),
  ]);
  const candidates = byId.length > 0 ? byId : byKey;
  const inProject = candidates.filter(
    (one) => projectKey === undefined || one.projectKey === projectKey,
  );
  const [found, ...others] = inProject;
  if (found === undefined) {
    const where = projectKey === undefined ? '' : ` in project ${projectKey}`;
    throw new Failure(`There is no ConnectorStaged with the id or key "${idOrKey}"${where}.`, {
      nextStep: 'See what waits for certification: berth certify list',
    });
  }
  if (others.length > 0) {
    const projects = inProject.map((one) => one.projectKey).toSorted();
    throw new Failure(`Several projects have a ConnectorStaged with the key "${idOrKey}".`, {
      nextStep: `Say which with --project: ${projects.slice(0, 20).join(', ')}`,
    });
  }
  return found;
}
