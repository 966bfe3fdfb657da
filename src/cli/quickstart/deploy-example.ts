import { Failure } from '../../core/failure.ts';
import type { ReportEntry } from '../../core/report.ts';
import type { ExampleRepository } from './example-repository.ts';
import { followReport } from './follow-report.ts';
import { type Context, type Draft, exampleKey, previewExample } from './preview-example.ts';

/** What the quickstart reads of the API's records. */
export interface Deployment {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly details: {
    readonly build: { readonly report: { readonly entries: readonly ReportEntry[] } };
  };
  readonly applications: readonly {
    readonly applicationName: string;
    readonly url?: string;
    readonly topic?: string;
  }[];
}

/** As any client would: a draft, its preview, and a Deployment of it. What an earlier run left is taken up. */
export async function deployExample(
  context: Context,
  repository: ExampleRepository,
): Promise<Deployment> {
  const draft = await previewExample(context, repository);
  const existing = await settledDeployment(context);
  if (existing === undefined) await create(context, draft);
  else if (haveSameNames(existing.applications, draft.configurations))
    await redeploy(context, existing);
  else {
    await remove(context);
    await create(context, draft);
  }
  const deployment = await followDeployment(context, 'Deploying');
  if (deployment?.status === 'Deployed') return deployment;
  throw new Failure(`The Deployment of ${exampleKey} is "${deployment?.status ?? 'gone'}".`, {
    nextStep: 'The lines above say why. Mend that, then run this again.',
  });
}

async function create({ api, projectKey, show }: Context, draft: Draft): Promise<void> {
  await api.call('POST', `/${projectKey}/deployments`, {
    key: exampleKey,
    connector: { id: draft.id, staged: true },
    region: 'europe-west1.gcp',
    configurations: draft.configurations.map(({ applicationName }) => ({ applicationName })),
  });
  show.step({ title: 'Deployment requested' });
}

async function redeploy(
  { api, projectKey, show }: Context,
  { version }: Deployment,
): Promise<void> {
  await api.call('POST', pathOf(projectKey), {
    version,
    actions: [{ action: 'redeploy', updateConnector: true }],
  });
  show.step({ title: 'Redeployment of the earlier run’s Deployment requested' });
}

/** The example has other applications now: only a new Deployment can have them all. */
async function remove(context: Context): Promise<void> {
  const { api, projectKey, show } = context;
  await api.call('DELETE', pathOf(projectKey));
  if ((await followDeployment(context, 'Removing the earlier Deployment')) !== undefined)
    throw new Failure('The Deployment of an earlier run could not be removed.');
  show.step({ title: 'Deployment of an earlier run removed' });
}

/** A run that was killed in the middle of one leaves it to the next Berth to bring it to an end. */
async function settledDeployment(context: Context): Promise<Deployment | undefined> {
  const found = await context.api.find<Deployment>(pathOf(context.projectKey));
  return found === undefined || isSettled(found)
    ? found
    : followDeployment(context, 'Finishing what an earlier run began');
}

function followDeployment(
  { api, projectKey, show, signal }: Context,
  what: string,
): Promise<Deployment | undefined> {
  return followReport<Deployment | undefined>(
    {
      what,
      read: () => api.find<Deployment>(pathOf(projectKey)),
      entriesOf: (deployment) => deployment?.details.build.report.entries ?? [],
      isSettled,
    },
    show,
    signal,
  );
}

function isSettled(deployment: Deployment | undefined): boolean {
  return (
    deployment === undefined || ['Deployed', 'Failed', 'UndeployFailed'].includes(deployment.status)
  );
}

export function pathOf(projectKey: string): string {
  return `/${projectKey}/deployments/key=${exampleKey}`;
}

type Named = readonly { readonly applicationName: string }[];

function haveSameNames(some: Named, others: Named): boolean {
  const names = new Set(some.map(({ applicationName }) => applicationName));
  return (
    some.length === others.length &&
    others.every(({ applicationName }) => names.has(applicationName))
  );
}
