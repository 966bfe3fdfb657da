import { dataLayout } from '../../src/compose/data-layout.ts';
import { openNodeBuilder } from '../../src/drivers/builder/node/driver.ts';
import { openGitSource } from '../../src/drivers/source/git/git-source.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Answer, Berth } from '../../test/support/berth.ts';
import { draftOf, settleDeployment } from '../../test/support/deploy.ts';
import { type BareApplication, bareEnvironment } from './bare-start.ts';
import { answerPollMs, bodyOf, statusPollMs, until } from './until.ts';

/** ms from the request on */
export interface Change {
  readonly firstAnswerMs: number;
  readonly deployedMs: number;
}

/** What of a connector is deployed, and which of it is asked: a service that answers with its `GREETING`. */
export interface Chosen {
  readonly applications: readonly string[];
  readonly service: string;
}

/** A Deployment that is redeployed again and again. */
export interface Subject {
  /** Where the service answers. */
  readonly url: string;
  /** With a changed greeting. */
  redeploy(options: { readonly skipScripts: boolean }): Promise<Change>;
  /** To the newest revision with another greeting. */
  rollBack(): Promise<Change>;
  /** The service's start line and environment, and where it answers. */
  bare(): Promise<{ readonly application: BareApplication; readonly endpoint: string }>;
}

export async function deploySubject(
  berth: Berth,
  connector: Answer,
  { applications, service }: Chosen,
): Promise<Subject> {
  const path = `/${berth.projectKey}/deployments`;
  const { configurations, ...draft } = draftOf(connector);
  const created = await berth.request('POST', path, {
    ...draft,
    configurations: configurations.filter(({ applicationName }: { applicationName: string }) =>
      applications.includes(applicationName),
    ),
  });
  const deployed = await settleDeployment(berth, created.body.id);
  if (deployed.body.status !== 'Deployed')
    throw new Error(`Not deployed:\n${JSON.stringify(deployed.body, undefined, 2)}`);
  const own = `${path}/${created.body.id}`;
  const url: string = deployed.body.applications.find(
    (one: { applicationName: string }) => one.applicationName === service,
  ).url;
  let round = 0;

  /** @returns ms from the request on until the service answers with the greeting, and until the API says that it is over */
  const change = async (
    greeting: string,
    ask: (version: number) => Promise<unknown>,
  ): Promise<Change> => {
    const { body } = await berth.request('GET', own);
    const startedAt = performance.now();
    await ask(body.version);
    const [answered, finished] = await Promise.all([
      until('The new greeting', answerPollMs, async () => {
        const text = await bodyOf(url);
        return text?.includes(`"${greeting}"`) ? text : undefined;
      }),
      until('The Deployment', statusPollMs, async () => {
        const { status } = (await berth.request('GET', own)).body;
        if (status === 'Failed') throw new Error('A change failed');
        return status === 'Deployed' ? status : undefined;
      }),
    ]);
    await oldReleaseGone(berth, created.body.id);
    return { firstAnswerMs: answered.at - startedAt, deployedMs: finished.at - startedAt };
  };
  return {
    url,
    redeploy({ skipScripts }) {
      round += 1;
      const greeting = `Hello number ${round}`;
      return change(greeting, (version) =>
        berth.request('POST', own, redeployBody(version, { service, greeting, skipScripts })),
      );
    },
    async rollBack() {
      const { revision, greeting } = await revisionBefore(berth, { own, service });
      return change(greeting, (version) =>
        berth.request('POST', `${own}/rollback`, { version, revision }),
      );
    },
    bare: () => bareOf(berth, { deploymentId: created.body.id, service }),
  };
}

async function revisionBefore(
  berth: Berth,
  { own, service }: { readonly own: string; readonly service: string },
): Promise<{ readonly revision: number; readonly greeting: string }> {
  const { results } = (await berth.request('GET', `${own}/revisions?limit=50`)).body;
  const all = results.map((one: ShownRevision) => ({
    revision: one.revision,
    greeting: greetingOf(one, service),
  }));
  const [now] = all;
  const before = all.find(({ greeting }: { greeting: string }) => greeting !== now.greeting);
  if (before === undefined) throw new Error('There is nothing to roll back to');
  return before;
}

interface ShownRevision {
  readonly revision: number;
  readonly applications: readonly {
    readonly applicationName: string;
    readonly standardConfiguration: readonly { readonly key: string; readonly value: string }[];
  }[];
}

function greetingOf({ applications }: ShownRevision, service: string): string {
  const values = applications.find(({ applicationName }) => applicationName === service);
  return values?.standardConfiguration.find(({ key }) => key === 'GREETING')?.value ?? '';
}

function redeployBody(
  version: number,
  {
    service,
    greeting,
    skipScripts,
  }: { readonly service: string; readonly greeting: string; readonly skipScripts: boolean },
) {
  return {
    version,
    actions: [
      {
        action: 'redeploy',
        skipScripts,
        configurationValues: [
          {
            applicationName: service,
            standardConfiguration: [{ key: 'GREETING', value: greeting }],
          },
        ],
      },
    ],
  };
}

/** So that nothing of one round runs into the next. */
async function oldReleaseGone(berth: Berth, deploymentId: string): Promise<void> {
  await using store = await openSqliteStore({ file: dataLayout(berth.dataDirectory).store });
  await until('The old release ends', statusPollMs, async () => {
    const left = await store.runtime.releases({ states: ['candidate', 'draining'], deploymentId });
    return left.length === 0 ? true : undefined;
  });
}

async function bareOf(
  berth: Berth,
  { deploymentId, service }: { readonly deploymentId: string; readonly service: string },
) {
  const layout = dataLayout(berth.dataDirectory);
  await using store = await openSqliteStore({ file: layout.store });
  const [release] = await store.runtime.releases({ states: ['current'], deploymentId });
  const application = release?.applications.find(({ name }) => name === service);
  const builder = openNodeBuilder({
    directory: layout.builds,
    toolDirectory: layout.tools,
    source: openGitSource({ directory: layout.sources, allowLocal: false, environment: {} }),
    operatorEnvironment: {},
    limits: { installTimeoutMs: 1, buildTimeoutMs: 1 },
  });
  const artifact = await builder.find(application?.artifactKey ?? '');
  if (application === undefined || artifact?.start.kind !== 'exec')
    throw new Error(`${service} is not started as a plain program`);
  const { file, args, environment } = artifact.start;
  return {
    application: {
      file,
      args,
      directory: artifact.directory,
      environment: {
        ...bareEnvironment(layout.builds, artifact.path, application.environment.plain),
        ...environment,
      },
    },
    endpoint: application.endpoint,
  };
}
