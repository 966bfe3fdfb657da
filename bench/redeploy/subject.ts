import { dataLayout } from '../../src/compose/data-layout.ts';
import { openNodeBuilder } from '../../src/drivers/builder/node/driver.ts';
import { openGitSource } from '../../src/drivers/source/git/git-source.ts';
import { openSqliteStore } from '../../src/drivers/store/sqlite/open-sqlite-store.ts';
import type { Answer, Berth } from '../../test/support/berth.ts';
import { draftOf, settleDeployment } from '../../test/support/deploy.ts';
import { type BareApplication, bareEnvironment } from './bare-start.ts';
import { answerPollMs, bodyOf, statusPollMs, until } from './until.ts';

const service = 'hello-service';

/** A Deployment that is redeployed again and again. */
export interface Subject {
  /** One redeploy with a changed greeting. @returns ms from the request on */
  redeploy(options: {
    readonly skipScripts: boolean;
  }): Promise<{ readonly firstAnswerMs: number; readonly deployedMs: number }>;
  /** The service's start line and environment, and where it answers. */
  bare(): Promise<{ readonly application: BareApplication; readonly endpoint: string }>;
}

export async function deploySubject(
  berth: Berth,
  connector: Answer,
  applications: readonly string[],
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
  return {
    async redeploy({ skipScripts }) {
      const { body } = await berth.request('GET', own);
      round += 1;
      const greeting = `Hello number ${round}`;
      const startedAt = performance.now();
      await berth.request('POST', own, redeployBody(body.version, greeting, skipScripts));
      const [answered, finished] = await Promise.all([
        until('The new greeting', answerPollMs, async () => {
          const text = await bodyOf(url);
          return text?.includes(`"${greeting}"`) ? text : undefined;
        }),
        until('The Deployment', statusPollMs, async () => {
          const { status } = (await berth.request('GET', own)).body;
          if (status === 'Failed') throw new Error('A redeploy failed');
          return status === 'Deployed' ? status : undefined;
        }),
      ]);
      await oldReleaseGone(berth, created.body.id);
      return { firstAnswerMs: answered.at - startedAt, deployedMs: finished.at - startedAt };
    },
    bare: () => bareOf(berth, created.body.id),
  };
}

function redeployBody(version: number, greeting: string, skipScripts: boolean) {
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

async function bareOf(berth: Berth, deploymentId: string) {
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
