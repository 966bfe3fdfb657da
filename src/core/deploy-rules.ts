import {
  applicationNamed,
  emptyConfiguration,
  findMissingValues,
  findUnknownKeys,
  mergeConfiguration,
  type Seal,
} from './configuration.ts';
import { type Connector, type ConnectorStaged, type Region, regions } from './connector.ts';
import {
  type ApplicationDeployment,
  type ApplicationValues,
  type ConnectorSnapshot,
  type Deployment,
  type DeploymentDraft,
  type DeploymentType,
  type Redeploy,
  snapshotConnector,
} from './deployment.ts';
import { nextStatus } from './deployment-status.ts';
import { type ApiError, apiError, reject, rejectAny } from './errors.ts';

/** Everything random or measured that a decision needs. */
export interface Given {
  readonly now: number;
  readonly newId: () => string;
  /** Seals a secured value of this deployment. */
  readonly seal: (deploymentId: string) => Seal;
}

export interface CreateGiven extends Given {
  readonly projectKey: string;
  readonly connector: Connector | ConnectorStaged;
  readonly productionEnabled: boolean;
}

/**
 * The new Deployment, or a Rejection with every mistake of the first check that fails (contract §2.3, steps 4–11;
 * the caller has found the connector and knows that the key is free).
 */
export function decideDeployment(draft: DeploymentDraft, given: CreateGiven): Deployment {
  const { connector } = given;
  const type = decideType(draft, given);
  const region = decideRegion(draft.region, connector);
  if (draft.configurations.length === 0) reject('DeploymentApplicationRequired', {});
  rejectAny(findUnknownConfiguration(connector, draft.configurations));
  const keys = connector.spec.globalConfiguration;
  const globalSent = draft.globalConfiguration ?? { standard: [], secured: [] };
  rejectAny(findUnknownKeys(keys, globalSent, undefined));

  const id = given.newId();
  const globalConfiguration = mergeConfiguration(emptyConfiguration, globalSent, given.seal(id));
  const applications = draft.configurations.map((values) => newApplication(values, id, given));
  rejectAny(findMissingValues(keys, globalConfiguration, undefined));
  rejectAny(findMissingApplicationValues(connector, applications));
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
  rejectAny(findUnknownConfiguration(connector, sent));
  rejectAny(findForeignApplications(deployment, sent, given.newConnector !== undefined));
  const keys = connector.spec.globalConfiguration;
  const globalSent = action.globalConfiguration ?? { standard: [], secured: [] };
  rejectAny(findUnknownKeys(keys, globalSent, undefined));

  const seal = given.seal(deployment.id);
  const globalConfiguration = mergeConfiguration(deployment.globalConfiguration, globalSent, seal);
  const applications = mergeApplications(deployment, connector, sent, given);
  const missing = [
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
  rejectAny(missing);
  return {
    ...deployment,
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

function findUnknownConfiguration(
  connector: Pick<ConnectorSnapshot, 'spec'>,
  sent: readonly ApplicationValues[],
): ApiError[] {
  return sent.flatMap((values) => {
    const application = applicationNamed(connector.spec, values.applicationName);
    return application === undefined
      ? [apiError('DeploymentUnknownApplicationConfiguration', { name: values.applicationName })]
      : findUnknownKeys(application.configuration, values, application.name);
  });
}

/** Contract §10, row 12: an application joins later only with a new connector version. */
function findForeignApplications(
  deployment: Deployment,
  sent: readonly ApplicationValues[],
  mayJoin: boolean,
): ApiError[] {
  if (mayJoin) return [];
  const own = new Set(deployment.applications.map((application) => application.name));
  return sent
    .filter((values) => !own.has(values.applicationName))
    .map((values) =>
      apiError('DeploymentApplicationDoNotBelong', {
        id: deployment.id,
        key: deployment.key,
        application: values.applicationName,
      }),
    );
}

function findMissingApplicationValues(
  connector: Pick<ConnectorSnapshot, 'spec'>,
  applications: readonly ApplicationDeployment[],
): ApiError[] {
  return applications.flatMap((application) => {
    const spec = applicationNamed(connector.spec, application.name);
    return spec === undefined
      ? []
      : findMissingValues(spec.configuration, application.configuration, application.name);
  });
}

function newApplication(
  values: ApplicationValues,
  deploymentId: string,
  given: Given,
): ApplicationDeployment {
  return {
    id: given.newId(),
    name: values.applicationName,
    configuration: mergeConfiguration(emptyConfiguration, values, given.seal(deploymentId)),
    ...overrides(values),
  };
}

function overrides(
  values: ApplicationValues,
): Pick<ApplicationDeployment, 'schedule' | 'retryPolicy'> {
  return {
    ...(values.schedule === undefined ? {} : { schedule: values.schedule }),
    ...(values.retryPolicy === undefined ? {} : { retryPolicy: values.retryPolicy }),
  };
}

/** Applications that the new connector version dropped go (contract §10, row 13); named new ones join at the end. */
function mergeApplications(
  deployment: Deployment,
  connector: ConnectorSnapshot,
  sent: readonly ApplicationValues[],
  given: Given,
): readonly ApplicationDeployment[] {
  const sentByName = new Map(sent.map((values) => [values.applicationName, values]));
  const kept = deployment.applications
    .filter((application) => applicationNamed(connector.spec, application.name) !== undefined)
    .map((application) => {
      const values = sentByName.get(application.name);
      if (values === undefined) return application;
      return {
        ...application,
        configuration: mergeConfiguration(
          application.configuration,
          values,
          given.seal(deployment.id),
        ),
        ...overrides(values),
      };
    });
  const names = new Set(kept.map((application) => application.name));
  const joined = sent
    .filter((values) => !names.has(values.applicationName))
    .map((values) => newApplication(values, deployment.id, given));
  return [...kept, ...joined];
}
