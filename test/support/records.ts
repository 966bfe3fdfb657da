import type { Connector, ConnectorStaged } from '../../src/core/connector.ts';
import type { ApplicationSpec, ConnectorSpec } from '../../src/core/connector-spec.ts';
import {
  type ApplicationDeployment,
  type ApplicationValues,
  type Deployment,
  type DeploymentDraft,
  snapshotConnector,
} from '../../src/core/deployment.ts';
import type { JobRun } from '../../src/core/job-run.ts';
import { type Operation, type OperationInput, subjectOf } from '../../src/core/operation.ts';
import type { Release, ReleaseApplication } from '../../src/core/release.ts';
import type { DeploymentRevision, RevisionApplication } from '../../src/core/revision.ts';
import type { ApiClient } from '../../src/ports/store.ts';

/** Plain records for tests, complete and valid; a test names what matters to it. */

export function applicationSpec(more: Partial<ApplicationSpec> = {}): ApplicationSpec {
  return {
    name: 'app',
    type: 'service',
    endpoint: '/app',
    scripts: {},
    configuration: { standard: [], secured: [] },
    ...more,
  };
}

export function connectorSpec(more: Partial<ConnectorSpec> = {}): ConnectorSpec {
  return {
    applications: [applicationSpec()],
    globalConfiguration: { standard: [], secured: [] },
    ...more,
  };
}

const content = {
  name: 'Hello',
  integrationTypes: ['other'],
  creator: { email: 'somebody@example.com' },
  repository: { url: 'https://example.com/hello.git', tag: 'v1' },
  commit: 'c'.repeat(40),
  spec: connectorSpec(),
  supportedRegions: [],
  privateProjects: [],
} as const;

export function connectorStaged(more: Partial<ConnectorStaged> = {}): ConnectorStaged {
  return {
    ...content,
    id: 'connector',
    projectKey: 'project',
    version: 3,
    status: 'Draft',
    isPreviewable: 'true',
    private: true,
    alreadyListed: false,
    hasChanges: false,
    createdAt: 1000,
    lastModifiedAt: 1000,
    ...more,
  };
}

export function connector(more: Partial<Connector> = {}): Connector {
  return {
    ...content,
    id: 'connector',
    projectKey: 'project',
    version: 3,
    private: true,
    certified: false,
    listed: true,
    createdAt: 1000,
    lastModifiedAt: 1000,
    ...more,
  };
}

export function applicationDeployment(
  more: Partial<ApplicationDeployment> = {},
): ApplicationDeployment {
  return {
    id: 'application',
    name: 'app',
    configuration: { standard: [], secured: [] },
    ...more,
  };
}

export function deployment(more: Partial<Deployment> = {}): Deployment {
  return {
    id: 'deployment',
    projectKey: 'project',
    version: 1,
    type: 'sandbox',
    status: 'Deployed',
    region: 'europe-west1.gcp',
    connector: snapshotConnector(connector()),
    applications: [applicationDeployment()],
    globalConfiguration: { standard: [], secured: [] },
    buildId: 'report',
    createdAt: 1000,
    lastModifiedAt: 1000,
    ...more,
  };
}

export function apiClient(more: Partial<ApiClient> = {}): ApiClient {
  return {
    id: 'c',
    projectKey: 'project',
    name: '',
    scopes: [],
    secretHash: '',
    createdAt: 1,
    ...more,
  };
}

export function deploymentDraft(more: Partial<DeploymentDraft> = {}): DeploymentDraft {
  return {
    connector: { id: 'connector', staged: false },
    configurations: [valuesOf('app')],
    region: 'europe-west1.gcp',
    ...more,
  };
}

export function valuesOf(
  applicationName: string,
  more: Partial<ApplicationValues> = {},
): ApplicationValues {
  return { applicationName, standard: [], secured: [], ...more };
}

export function releaseApplication(more: Partial<ReleaseApplication> = {}): ReleaseApplication {
  return {
    id: 'application',
    name: 'app',
    type: 'service',
    artifactKey: 'artifact',
    hostLabel: 'service-app',
    endpoint: '/app',
    environment: { plain: [], sealed: [] },
    ...more,
  };
}

export function release(more: Partial<Release> = {}): Release {
  return {
    id: 'release',
    deploymentId: 'deployment',
    projectKey: 'project',
    number: 1,
    state: 'current',
    routed: false,
    region: 'europe-west1.gcp',
    applications: [releaseApplication()],
    createdAt: 1000,
    ...more,
  };
}

export function revisionApplication(more: Partial<RevisionApplication> = {}): RevisionApplication {
  return { ...applicationDeployment({ deployed: true }), artifactKey: 'artifact', ...more };
}

export function revision(more: Partial<DeploymentRevision> = {}): DeploymentRevision {
  return {
    deploymentId: 'deployment',
    projectKey: 'project',
    number: 1,
    connector: snapshotConnector(connector()),
    applications: [revisionApplication()],
    globalConfiguration: { standard: [], secured: [] },
    createdAt: 1000,
    ...more,
  };
}

export function operation(
  id: string,
  more: Partial<Operation> & { readonly input?: OperationInput } = {},
): Operation {
  const input = more.input ?? undeployOf(`deployment-of-${id}`, `report-of-${id}`);
  return {
    id,
    projectKey: 'project',
    subject: subjectOf(input),
    input,
    state: 'queued',
    attempt: 0,
    createdAt: 1000,
    deadlineAt: Number.MAX_SAFE_INTEGER,
    ...more,
  };
}

export function undeployOf(deploymentId: string, reportId = 'report'): OperationInput {
  return { kind: 'undeploy', deploymentId, reportId };
}

/** One that somebody asks for. */
export function jobRun(more: Partial<JobRun> = {}): JobRun {
  return {
    id: 'run',
    projectKey: 'project',
    deploymentId: 'deployment',
    applicationName: 'job',
    trigger: 'request',
    state: 'requested',
    scheduledFor: 1000,
    requestedBy: 'client',
    ...more,
  };
}
