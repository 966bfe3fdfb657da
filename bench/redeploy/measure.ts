import { openExampleRepository } from '../../src/cli/quickstart/example-repository.ts';
import { type Berth, startBerth } from '../../test/support/berth.ts';
import { previewConnector } from '../../test/support/deploy.ts';
import { measureBareStart } from './bare-start.ts';
import { deploySubject } from './subject.ts';

/** One redeploy and, right after it, one bare start. */
export interface Pair {
  readonly firstAnswerMs: number;
  readonly deployedMs: number;
  readonly bareMs: number;
}

export interface Measured {
  readonly name: string;
  readonly pairs: readonly Pair[];
}

const allNames = ['hello-service', 'hello-event', 'hello-job', 'hello-assets'];

/** Everything is done once, uncounted, before it counts. */
export async function measureRedeploys(
  rounds: number,
  environment: Readonly<Record<string, string>>,
  progress: (text: string) => void,
): Promise<readonly Measured[]> {
  await using berth = await startBerth({ environment });
  const cases = await deployCases(berth);
  const measured = cases.map(({ name }) => ({ name, pairs: [] as Pair[] }));
  for (let round = 0; round <= rounds; round += 1) {
    progress(round === 0 ? 'warm-up' : `round ${round} of ${rounds}`);
    for (const [index, { subject, skipScripts }] of cases.entries()) {
      const redeployed = await subject.redeploy({ skipScripts });
      const { application, endpoint } = await subject.bare();
      const bareMs = await measureBareStart(application, endpoint);
      if (round > 0) measured[index]?.pairs.push({ ...redeployed, bareMs });
    }
  }
  return measured;
}

/** Two Deployments, each redeployed with and without its scripts. */
async function deployCases(berth: Berth) {
  const { signal } = new AbortController();
  const repository = await openExampleRepository(berth.dataDirectory, process.env, signal);
  const connector = await previewConnector(berth, repository);
  if (connector.body.isPreviewable !== 'true')
    throw new Error(`The preview failed:\n${JSON.stringify(connector.body, undefined, 2)}`);
  const service = await deploySubject(berth, connector, ['hello-service']);
  const all = await deploySubject(berth, connector, allNames);
  return [
    { name: 'service', subject: service, skipScripts: false },
    { name: 'service, scripts skipped', subject: service, skipScripts: true },
    { name: 'all four', subject: all, skipScripts: false },
    { name: 'all four, scripts skipped', subject: all, skipScripts: true },
  ];
}
