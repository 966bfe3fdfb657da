import { setTimeout as rest } from 'node:timers/promises';
import { openExampleRepository } from '../../src/cli/quickstart/example-repository.ts';
import { type Berth, startBerth } from '../../test/support/berth.ts';
import { makeGreeter, names } from '../deploy/connector.ts';
import { measureBareStart } from '../redeploy/bare-start.ts';
import { preview } from '../redeploy/measure.ts';
import { deploySubject, type Subject } from '../redeploy/subject.ts';
import { bodyOf, statusPollMs, until } from '../redeploy/until.ts';

/** One first request and, right after it, one bare start. */
export interface Pair {
  readonly wakeMs: number;
  readonly bareMs: number;
}

export interface Measured {
  readonly name: string;
  readonly pairs: readonly Pair[];
}

/** Before each, so that what Berth does behind a start is over. */
const restMs = 2_500;

/** Everything is done once, uncounted, before it counts. */
export async function measureWakes(
  rounds: number,
  environment: Readonly<Record<string, string>>,
  progress: (text: string) => void,
): Promise<readonly Measured[]> {
  // As a new user has it, but for the time until they sleep.
  const settings = { BERTH_SANDBOX: 'auto', BERTH_IDLE_SECONDS: '1' };
  await using berth = await startBerth({ environment: { ...environment, ...settings } });
  await using repository = await makeGreeter();
  const [one] = names;
  const { signal } = new AbortController();
  const example = await openExampleRepository(berth.dataDirectory, process.env, signal);
  const cases = [
    { name: 'service', subject: await deployOne(berth, example, 'hello-service') },
    {
      name: 'TypeScript service',
      subject: await deployOne(berth, { url: repository.url, tag: 'v1' }, one),
    },
  ];
  const measured = cases.map(({ name }) => ({ name, pairs: [] as Pair[] }));
  for (let round = 0; round <= rounds; round += 1) {
    progress(round === 0 ? 'warm-up' : `round ${round} of ${rounds}`);
    for (const [index, { subject }] of cases.entries()) {
      await everythingSleeps(berth);
      await rest(restMs);
      const wakeMs = await measureWake(subject);
      const { application, endpoint } = await subject.bare();
      await everythingSleeps(berth);
      await rest(restMs);
      const bareMs = await measureBareStart(application, endpoint);
      if (round > 0) measured[index]?.pairs.push({ wakeMs, bareMs });
    }
  }
  return measured;
}

async function deployOne(
  berth: Berth,
  repository: { readonly url: string; readonly tag: string },
  service: string,
): Promise<Subject> {
  const connector = await preview(berth, repository);
  return deploySubject(berth, connector, { applications: [service], service });
}

async function everythingSleeps(berth: Berth): Promise<void> {
  await using store = await berth.openStore();
  await until('Everything sleeps', statusPollMs, async () =>
    (await store.runtime.instances({})).length === 0 ? true : undefined,
  );
}

/** @returns ms from one request, which waits, to its answer */
async function measureWake({ url }: Subject): Promise<number> {
  const startedAt = performance.now();
  const body = await bodyOf(url);
  if (body === undefined) throw new Error('The application did not wake');
  return performance.now() - startedAt;
}
