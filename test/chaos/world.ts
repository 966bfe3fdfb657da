import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, type Client, openClient } from './client.ts';
import { type Collector, openCollector } from './collector.ts';
import { makeRepository } from './connector.ts';
import { type Planes, startPlanes } from './planes.ts';

export const operations = ['deploy', 'redeploy', 'rollback', 'undeploy'] as const;
export type OperationName = (typeof operations)[number];

/** The one Deployment, as it should be when nothing is under way. */
export interface Known {
  readonly id: string;
  readonly version: number;
  readonly value: string;
  readonly url: string;
  readonly topic: string;
}

/** A Berth, a client, and one Deployment that comes, changes and goes. */
export interface World extends AsyncDisposable {
  readonly planes: Planes;
  readonly client: Client;
  readonly collector: Collector;
  readonly connectorId: string;
  known: Known | undefined;
  /** Values are never used twice. */
  nextValue(): string;
}

export const deployments = '/chaos/deployments';
export const isFinal = ({ status, body }: Answer): boolean =>
  status === 404 || ['Deployed', 'Failed', 'UndeployFailed'].includes(body?.status);

export async function openWorld(
  environment: Readonly<Record<string, string>> = {},
): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const repository = stack.use(await makeRepository());
  const collector = stack.use(await openCollector());
  // Applications tell it what they have received, from whatever network they have.
  const reached = { BERTH_ALLOW_HOST_PORTS: new URL(collector.url).port };
  const planes = stack.use(await startPlanes({ ...reached, ...environment }));
  const client = await openClient(planes);
  const draft = await client.post('/connectors/drafts', {
    name: 'Chaos',
    creator: { email: 'somebody@example.com' },
    repository: { url: repository.url, tag: 'v1' },
  });
  const path = `/connectors/drafts/${draft.body.id}`;
  await client.post(path, {
    version: draft.body.version,
    actions: [{ action: 'updatePreviewable' }],
  });
  const previewed = await until(
    () => client.get(path),
    ({ body }) => body.isPreviewable === 'true',
  );
  if (previewed.body.isPreviewable !== 'true')
    throw new Error(`Not previewable:\n${JSON.stringify(previewed.body, undefined, 2)}`);
  let values = 0;
  const opened = stack.move();
  return {
    planes,
    client,
    collector,
    connectorId: draft.body.id,
    known: undefined,
    nextValue: () => `value-${++values}`,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Reads until it is so, at most `timeoutMs`; answers the last answer either way. */
export async function until(
  read: () => Promise<Answer>,
  isSo: (answer: Answer) => boolean,
  timeoutMs = 60_000,
): Promise<Answer> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await read();
    if (isSo(answer) || Date.now() > deadline) return answer;
    await wait(20);
  }
}

/** Asks Berth for it. @returns the answer, and the value that the Deployment is to have afterwards */
export async function request(
  world: World,
  operation: OperationName,
): Promise<{ readonly accepted: Answer; readonly value: string }> {
  const { client, known } = world;
  if (operation === 'deploy') {
    const value = world.nextValue();
    return { accepted: await client.post(deployments, draftOf(world, value)), value };
  }
  if (known === undefined) throw new Error(`There is nothing to ${operation}`);
  const path = `${deployments}/${known.id}`;
  if (operation === 'undeploy') {
    return { accepted: await client.delete(path), value: known.value };
  }
  if (operation === 'redeploy') {
    const value = world.nextValue();
    const { applicationName, standardConfiguration } = appWith(value);
    const action = {
      action: 'redeploy',
      configurationValues: [{ applicationName, standardConfiguration }],
    };
    const body = { version: known.version, actions: [action] };
    return { accepted: await client.post(path, body), value };
  }
  const target = await olderRevision(world, known);
  const accepted = await client.post(`${path}/rollback`, {
    version: known.version,
    revision: target.revision,
  });
  return { accepted, value: target.value };
}

function draftOf({ connectorId, collector }: World, value: string) {
  return {
    connector: { id: connectorId, staged: true },
    region: 'europe-west1.gcp',
    configurations: [
      appWith(value),
      {
        applicationName: 'listener',
        standardConfiguration: [{ key: 'COLLECTOR', value: collector.url }],
        securedConfiguration: [],
      },
    ],
  };
}

function appWith(value: string) {
  return {
    applicationName: 'app',
    standardConfiguration: [{ key: 'VALUE', value }],
    securedConfiguration: [{ key: 'SECRET', value: `secret of ${value}` }],
  };
}

interface Revision {
  readonly revision: number;
  readonly value: string;
}

/** The newest that has another value than the one now. */
async function olderRevision({ client }: World, known: Known): Promise<Revision> {
  const { body } = await client.get(`${deployments}/${known.id}/revisions?limit=50`);
  const revisions: readonly Revision[] = body.results.map(
    (one: { revision: number; applications: readonly never[] }) => ({
      revision: one.revision,
      value: valueIn(one.applications),
    }),
  );
  const older = revisions.find(({ value }) => value !== known.value);
  if (older === undefined) throw new Error('There is nothing to roll back to');
  return older;
}

interface ShownApplication {
  readonly applicationName: string;
  readonly url?: string;
  readonly topic?: string;
  readonly standardConfiguration: readonly { readonly key: string; readonly value: string }[];
}

function valueIn(applications: readonly ShownApplication[]): string {
  const app = applications.find(({ applicationName }) => applicationName === 'app');
  return app?.standardConfiguration.find(({ key }) => key === 'VALUE')?.value ?? '';
}

/** What the API shows, for the next round. */
export function knownFrom({ body }: Answer): Known {
  const applications: readonly ShownApplication[] = body.applications;
  return {
    id: body.id,
    version: body.version,
    value: valueIn(applications),
    url: applications.find(({ applicationName }) => applicationName === 'app')?.url ?? '',
    topic: applications.find(({ applicationName }) => applicationName === 'listener')?.topic ?? '',
  };
}

/** Whatever it takes, without faults. */
export async function prepare(world: World, operation: OperationName): Promise<void> {
  const { known } = world;
  if (operation === 'deploy') {
    if (known !== undefined) await calmly(world, 'undeploy');
    return;
  }
  if (known === undefined) await calmly(world, 'deploy');
  if (operation === 'rollback') {
    const { id, value } = world.known ?? { id: '', value: '' };
    const { body } = await world.client.get(`${deployments}/${id}/revisions?limit=50`);
    const isOther = (one: { applications: readonly never[] }) =>
      valueIn(one.applications) !== value;
    if (!body.results.some(isOther)) await calmly(world, 'redeploy');
  }
}

async function calmly(world: World, operation: OperationName): Promise<void> {
  const { accepted } = await request(world, operation);
  const id: string = world.known?.id ?? accepted.body.id;
  const settled = await until(() => world.client.get(`${deployments}/${id}`), isFinal);
  if (operation === 'undeploy') {
    if (settled.status !== 404) throw new Error(`It cannot be deleted: ${describe(settled)}`);
    world.known = undefined;
    return;
  }
  if (settled.body.status !== 'Deployed')
    throw new Error(`It cannot be deployed calmly: ${describe(settled)}`);
  world.known = knownFrom(settled);
}

export function describe({ status, body }: Answer): string {
  const entries: readonly { type: string; title: string; message?: string }[] =
    body?.details?.build?.report?.entries ?? [];
  const errors = entries.filter(({ type }) => type !== 'Information');
  return `${status} ${body?.status ?? JSON.stringify(body)} ${errors
    .map(({ title, message }) => `${title}: ${message}`)
    .join('; ')}`;
}
