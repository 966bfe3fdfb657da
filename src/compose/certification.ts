import type { Config } from '../config/parse-config.ts';
import { type CertificationTarget, certify } from '../control-plane/commands/certify.ts';
import { type CertificationStep, certifyingStatuses } from '../core/certification.ts';
import type { ConnectorStaged } from '../core/connector.ts';
import { openOperatorStore } from './open-operator-store.ts';

/** Beside whatever server runs there. @throws Failure as `certify` */
export async function certifyConnector(
  config: Config,
  target: CertificationTarget,
  asked: { readonly step: CertificationStep; readonly comment?: string },
): Promise<ConnectorStaged> {
  await using opened = await openOperatorStore(config, 'certify');
  return await certify(opened, target, asked);
}

/** What waits for an operator, longest first: of one project, or of all. */
export async function listCertifications(
  config: Config,
  projectKey?: string,
): Promise<readonly ConnectorStaged[]> {
  await using opened = await openOperatorStore(config, 'certify');
  const waiting = await opened.store.connectors.stagedInStatus(certifyingStatuses);
  return waiting.filter((one) => projectKey === undefined || one.projectKey === projectKey);
}
