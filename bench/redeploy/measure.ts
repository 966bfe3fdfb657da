import { setTimeout as rest } from 'node:timers/promises';
import { openExampleRepository } from '../../src/cli/quickstart/example-repository.ts';
import { type Answer, type Berth, startBerth } from '../../test/support/berth.ts';
import { previewConnector } from '../../test/support/deploy.ts';
import type { TestRepository } from '../../test/support/git-repository.ts';
import { makeGreeter, names } from '../deploy/connector.ts';
import { measureBareStart } from './bare-start.ts';
import { type Change, deploySubject, type Subject } from './subject.ts';

/** One change and, right after it, one bare start. */
export interface Pair extends Change {
  readonly bareMs: number;
}

export interface Measured {
  readonly name: string;
  readonly pairs: readonly Pair[];
}

/** Before each, so that what Berth does behind a change is over: nobody changes the same Deployment twice within seconds. */
const restMs = 2_500;

const service = 'hello-service';
const allNames = [service, 'hello-event', 'hello-job', 'hello-assets'];

export type Benchmark = 'redeploy' | 'rollback';

/** Everything is done once, uncounted, before it counts. */
export async function measureChanges(
  benchmark: Benchmark,
  rounds: number,
  environment: Readonly<Record<string, string>>,
  progress: (text: string) => void,
): Promise<readonly Measured[]> {
  // As a new user has it.
  await using berth = await startBerth({ environment: { ...environment, BERTH_SANDBOX: 'auto' } });
  await using repository = await makeGreeter();
  const cases = await deployCases(berth, repository, benchmark);
  const measured = cases.map(({ name }) => ({ name, pairs: [] as Pair[] }));
  for (let round = 0; round <= rounds; round += 1) {
    progress(round === 0 ? 'warm-up' : `round ${round} of ${rounds}`);
    for (const [index, { subject, change }] of cases.entries()) {
      await rest(restMs);
      const changed = await change(subject);
      const { application, endpoint } = await subject.bare();
      await rest(restMs);
      const bareMs = await measureBareStart(application, endpoint);
      if (round > 0) measured[index]?.pairs.push({ ...changed, bareMs });
    }
  }
  return measured;
}

/** Three Deployments: one application of the example, all of them, and a service as most connectors have one. */
async function deployCases(
  berth: Berth,
  repository: TestRepository,
  benchmark: Benchmark,
): Promise<readonly Case[]> {
  const { signal } = new AbortController();
  const example = await preview(
    berth,
    await openExampleRepository(berth.dataDirectory, process.env, signal),
  );
  const [one] = names;
  const typeScript = await preview(berth, { url: repository.url, tag: 'v1' });
  const subjects = [
    {
      name: 'service',
      subject: await deploySubject(berth, example, { applications: [service], service }),
    },
    {
      name: 'all four',
      subject: await deploySubject(berth, example, { applications: allNames, service }),
    },
    {
      name: 'TypeScript service',
      subject: await deploySubject(berth, typeScript, { applications: [one], service: one }),
    },
  ];
  if (benchmark === 'redeploy') return subjects.flatMap(redeployed);
  // So that there is something to go back to, and forth.
  for (const { subject } of [...subjects, ...subjects])
    await subject.redeploy({ skipScripts: true });
  return subjects.map((one) => ({ ...one, change: (subject) => subject.rollBack() }));
}

/** @throws where the connector cannot be previewed */
export async function preview(
  berth: Berth,
  repository: { readonly url: string; readonly tag: string },
): Promise<Answer> {
  const connector = await previewConnector(berth, repository);
  if (connector.body.isPreviewable === 'true') return connector;
  throw new Error(`The preview failed:\n${JSON.stringify(connector.body, undefined, 2)}`);
}

interface Case {
  readonly name: string;
  readonly subject: Subject;
  readonly change: (subject: Subject) => Promise<Change>;
}

function redeployed({ name, subject }: Pick<Case, 'name' | 'subject'>): readonly Case[] {
  return [
    { name, subject, change: (one) => one.redeploy({ skipScripts: false }) },
    {
      name: `${name}, scripts skipped`,
      subject,
      change: (one) => one.redeploy({ skipScripts: true }),
    },
  ];
}
