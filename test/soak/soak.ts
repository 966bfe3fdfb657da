import { type Berth, startBerth } from '../support/berth.ts';
import { previewConnector } from '../support/deploy.ts';
import { createRepository } from '../support/git-repository.ts';
import { workFoldersOf, workProcessesOf } from '../support/leftovers.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';
import { judge, type Verdict } from './bounds.ts';
import { type Observation, observe } from './observe.ts';
import { type Workload, work } from './workload.ts';

export interface Soak {
  readonly workload: Workload;
  readonly seconds: number;
  readonly observations: readonly Observation[];
  readonly verdicts: readonly Verdict[];
  /** What was left when every Deployment was deleted: processes and work folders. */
  readonly left: readonly string[];
}

/** Runs the workload on a Berth of its own and says what grew. */
export async function soak(
  workload: Workload,
  slices: number,
  onObservation: (observation: Observation) => void = () => undefined,
): Promise<Soak> {
  const startedAt = performance.now();
  await using berth = await startBerth({
    environment: {
      // More requests than one client may usually send.
      BERTH_RATE_LIMIT_PER_MINUTE: '600000',
      // As a user has it.
      BERTH_SANDBOX: 'auto',
    },
  });
  await using repository = await createRepository({
    files: tinyConnector({ app: { spec: keys(['VALUE'], ['SECRET']) } }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const observations: Observation[] = [];
  for await (const done of work(berth, connector, workload, slices)) {
    const observation = { ...done, figures: await observe(berth) };
    observations.push(observation);
    onObservation(observation);
  }
  return {
    workload,
    seconds: Math.round((performance.now() - startedAt) / 1000),
    observations,
    verdicts: judge(observations),
    left: await leftOf(berth),
  };
}

async function leftOf({ dataDirectory }: Berth): Promise<readonly string[]> {
  const [processes, folders] = await Promise.all([
    workProcessesOf(dataDirectory),
    workFoldersOf(dataDirectory),
  ]);
  return [...processes.map(({ command }) => command), ...folders];
}
