import {
  findForeignApplications,
  findMissingApplicationValues,
  findUnfitOverrides,
  findUnfitScaling,
  findUnknownConfiguration,
  mergeApplications,
  newApplication,
} from './application-values.ts';
import {
  emptyConfiguration,
  findMissingValues,
  findUnknownKeys,
  keepDeclared,
  mergeConfiguration,
  type Seal,
} from './configuration.ts';
import { type Connector, type ConnectorStaged, type Region, regions } from './connector.ts';
import {
  type Deployment,
  type DeploymentDraft,
  type DeploymentType,
  type Redeploy,
  snapshotConnector,
} from './deployment.ts';
import { nextStatus } from './deployment-status.ts';
import { apiError, reject, rejectAny } from './errors.ts';

/** Everything random or measured that a decision needs. */
export interface Given {
  readonly now: number;
  readonly newId: () => string;
  /** Seals a secured value of this deployment. */
  readonly seal: (deploymentId: string) => Seal;
}

export interface CreateGiven extends Given {
  /** Of the new Deployment. */
  readonly id: string;
  readonly projectKey: string;
  readonly connector: Connector | ConnectorStaged;
  readonly productionEnabled: boolean;
  /** Another Deployment of the project has the draft's key. */
  readonly keyTaken: boolean;
}

/**
 * The new Deployment, or a Rejection with every mistake of the first check that fails (contract §2.3, steps 4–11;
 * the caller has found the connector). What is wrong with names is one check, what is wrong with values another.
 */
export function decideDeployment(draft: DeploymentDraft, given: CreateGiven): Deployment {
  const { connector } = given;
  const type = decideType(draft, given);
  const region = decideRegion(draft.region, connector);
  if (given.keyTaken) reject('DuplicateField', { field: 'key', duplicateValue: draft.key ?? '' });
  if (draft.configurations.length === 0) reject('DeploymentApplicationRequired', {});
  const keys = connector.spec.globalConfiguration;
  const globalSent = draft.globalConfiguration ?? { standard: [], secured: [] };
  rejectAny([
    ...findUnknownConfiguration(connector, draft.configurations),
    ...findUnknownKeys(keys, globalSent, undefined),
  ]);

  const { id } = given;
  const globalConfiguration = mergeConfiguration(emptyConfiguration, globalSent, given.seal(id));
  const applications = draft.configurations.map((values) => newApplication(values, id, given));
  rejectAny([
    ...findMissingValues(keys, globalConfiguration, undefined),
    ...findMissingApplicationValues(connector, applications),
    ...findUnfitOverrides(connector, draft.configurations),
    ...findUnfitScaling(applications),
  ]);
  return {
    id,
    projectKey: given.projectKey,
    ...(draft.key === undefined ? {} : { key: draft.key }),
    version: 1,
    type,
    status: 'Deploying',
    region,
    connector: snapshotConnector(connector),
    applications,
    globalConfiguration,
    buildId: given.newId(),
    createdAt: given.now,
    lastModifiedAt: given.now,
  };
}

export interface RedeployGiven extends Given {
  /** The newest connector, where the client asked for it and it exists. */
  readonly newConnector?: Connector | ConnectorStaged;
}

/** The Deployment as it is redeployed (contract §2.4): values merged key by key, version raised, a new build id. */
export function decideRedeploy(
  deployment: Deployment,
  action: Redeploy,
  given: RedeployGiven,
): Deployment {
  const status = nextStatus(deployment.status, 'redeploy');
  const connector =
    given.newConnector === undefined ? deployment.connector : snapshotConnector(given.newConnector);
  const sent = action.configurationValues ?? [];
  if (action.configurationValues?.length === 0) reject('DeploymentApplicationRequired', {});
  const keys = connector.spec.globalConfiguration;
  const globalSent = action.globalConfiguration ?? { standard: [], secured: [] };
  rejectAny([
    ...findUnknownConfiguration(connector, sent),
    ...findForeignApplications(deployment, sent, given),
    ...findUnknownKeys(keys, globalSent, undefined),
  ]);

  const seal = given.seal(deployment.id);
  const globalConfiguration = keepDeclared(
    keys,
    mergeConfiguration(deployment.globalConfiguration, globalSent, seal),
  );
  const applications = mergeApplications(deployment, connector, sent, given);
  const missing = [
    ...(applications.length === 0 ? [apiError('DeploymentApplicationRequired', {})] : []),
    ...findMissingValues(keys, globalConfiguration, undefined),
    ...findMissingApplicationValues(connector, applications),
  ];
  if (missing.length > 0 && given.newConnector !== undefined) {
    reject('DeploymentConnectorUpdateFailure', {
      deployment,
      connector,
      cause: missing.map((error) => error.message).join(' '),
    });
  }
  rejectAny([
    ...missing,
    ...findUnfitOverrides(connector, sent),
    ...findUnfitScaling(applications),
  ]);
  const { rollbackRevision: _, ...rest } = deployment;
  return {
    ...rest,
    version: deployment.version + 1,
    status,
    connector,
    applications,
    globalConfiguration,
    buildId: given.newId(),
    lastModifiedAt: given.now,
  };
}

/** The Deployment on its way out (contract §2.5). */
export function decideUndeploy(deployment: Deployment, now: number, buildId: string): Deployment {
  return {
    ...deployment,
    status: nextStatus(deployment.status, 'undeploy'),
    version: deployment.version + 1,
    buildId,
    lastModifiedAt: now,
  };
}

/** Contract §2.3, steps 4 and 5. */
function decideType(draft: DeploymentDraft, given: CreateGiven): DeploymentType {
  const { connector } = given;
  if ('isPreviewable' in connector) {
    if (connector.isPreviewable !== 'true') reject('ConnectorStagedNotPreviewable', connector);
    const type = draft.type ?? 'preview';
    if (type !== 'preview') {
      reject('DeploymentInvalidType', { ...connector, type, allowed: 'preview' });
    }
    return type;
  }
  const type = draft.type ?? 'sandbox';
  if (type === 'preview') {
    reject('DeploymentInvalidType', { ...connector, type, allowed: 'sandbox, production' });
  }
  if (type === 'production' && !given.productionEnabled)
    reject('DeploymentProductionDeactivated', {});
  return type;
}

/** Contract §2.3, step 6. */
function decideRegion(region: string, connector: Connector | ConnectorStaged): Region {
  const known = regions.find((name) => name === region);
  const supported = connector.supportedRegions;
  if (known === undefined || (supported.length > 0 && !supported.includes(known))) {
    reject('DeploymentUnsupportedRegion', { region });
  }
  return known as Region;
}
