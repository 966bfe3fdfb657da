import type { ConnectClient, ConnectorStaged, Deployment } from './connect-client.ts';
import { reportOf } from './connect-client.ts';
import type { ConnectorSource } from './connector-source.ts';
import { baseValues, type DummyConfiguration } from './dummy-configuration.ts';
import { waitUntil } from './wait-until.ts';

/** What every step needs. */
export interface StepContext {
  readonly client: ConnectClient;
  readonly source: ConnectorSource;
  readonly signal: AbortSignal;
}

export const projectKey = baseValues.CTP_PROJECT_KEY;
const region = baseValues.CTP_REGION;
const previewTimeoutMs = 600_000;
const deployTimeoutMs = 900_000;
const undeployTimeoutMs = 300_000;

/** Makes the ConnectorStaged and has it checked. Answers it however that ended. */
export async function previewConnector({
  client,
  source,
  signal,
}: StepContext): Promise<ConnectorStaged> {
  const created = await client.call<ConnectorStaged>({
    method: 'POST',
    path: '/connectors/drafts',
    body: {
      key: keyOf(source),
      name: source.name,
      description: `Tried at ${source.tag}`,
      creator: { email: 'someone@example.com', name: 'Try' },
      repository: { url: source.url, tag: source.tag },
      integrationTypes: ['other'],
      supportedRegions: [region],
      privateProjects: [`${region}:${projectKey}`],
    },
    expected: [201],
  });
  const path = `/connectors/drafts/${created.id}`;
  await client.call({
    method: 'POST',
    path,
    body: { version: created.version, actions: [{ action: 'updatePreviewable' }] },
    expected: [200, 201],
  });
  return waitUntil('the preview ends', { signal, timeoutMs: previewTimeoutMs }, async () => {
    const read = await client.call<ConnectorStaged>({ method: 'GET', path, expected: [200] });
    return read.isPreviewable === 'pending' ? undefined : read;
  });
}

/** A preview Deployment of every application. Answers it once nothing moves any more. */
export async function deployConnector(
  connector: ConnectorStaged,
  configuration: DummyConfiguration,
  context: StepContext,
): Promise<Deployment> {
  const { id } = await context.client.call<Deployment>({
    method: 'POST',
    path: `/${projectKey}/deployments`,
    body: {
      ...configuration,
      key: keyOf(context.source),
      type: 'preview',
      region,
      connector: { id: connector.id, version: connector.version, staged: true },
    },
    expected: [201],
  });
  return settle(id, context);
}

export async function redeploy(
  { id, version }: Deployment,
  context: StepContext,
): Promise<Deployment> {
  await context.client.call({
    method: 'POST',
    path: pathOf(id),
    body: { version, actions: [{ action: 'redeploy' }] },
    expected: [201],
  });
  return settle(id, context);
}

/** Resolves when the API knows nothing of it any more. */
export async function undeploy(id: string, { client, signal }: StepContext): Promise<void> {
  await client.call({ method: 'DELETE', path: pathOf(id), expected: [200, 202] });
  await waitUntil('the deployment is gone', { signal, timeoutMs: undeployTimeoutMs }, async () => {
    const { status, body } = await client.ask({ method: 'GET', path: pathOf(id) });
    if (status === 404) return true;
    const deployment = body as Deployment;
    if (deployment.status !== 'UndeployFailed') return undefined;
    throw new Error(`UndeployFailed: ${JSON.stringify(reportOf(deployment)).slice(0, 2000)}`);
  });
}

function settle(id: string, { client, signal }: StepContext): Promise<Deployment> {
  return waitUntil('the deployment settles', { signal, timeoutMs: deployTimeoutMs }, async () => {
    const read = await client.call<Deployment>({
      method: 'GET',
      path: pathOf(id),
      expected: [200],
    });
    return /^(Queued|Deploying)$/.test(read.status) ? undefined : read;
  });
}

function pathOf(deploymentId: string): string {
  return `/${projectKey}/deployments/${deploymentId}`;
}

function keyOf({ name }: ConnectorSource): string {
  return `try-${name.replaceAll(/[^A-Za-z0-9_-]/g, '-')}`.slice(0, 256);
}
