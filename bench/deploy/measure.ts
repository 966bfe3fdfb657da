import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBerth } from '../../test/support/berth.ts';
import type { TestRepository } from '../../test/support/git-repository.ts';
import type { BenchmarkRun } from '../benchmark-command.ts';
import { measureBareCommands } from './bare-side.ts';
import { deployFirst, requireAnswers } from './berth-side.ts';
import { type ApplicationName, makeConnector, sourceOf } from './connector.ts';

export const paths = [
  'first deployment, empty caches',
  'only source changed',
  'new tag, applications untouched',
  'nothing changed',
] as const;
type Path = (typeof paths)[number];

/** Of one path in one round. */
export interface Pair {
  readonly berthMs: number;
  readonly bareMs: number;
}

export type Round = Readonly<Record<Path, Pair>>;

export async function measureDeploys(given: BenchmarkRun): Promise<readonly Round[]> {
  await using repository = await makeConnector('at first');
  const rounds: Round[] = [];
  for (let round = 1; round <= given.rounds; round += 1) {
    given.progress(`round ${round} of ${given.rounds}`);
    rounds.push(await measureRound(repository, round, given));
  }
  return rounds;
}

/** A Berth that has nothing yet, and a person who has nothing yet; then both with what they have by now. */
async function measureRound(
  repository: TestRepository,
  round: number,
  { environment, progress }: BenchmarkRun,
): Promise<Round> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-'));
  try {
    let clones = 0;
    const bare = async (tag: string): Promise<number> => {
      const place = { folder: join(folder, String(clones++)), cache: join(folder, 'cache') };
      const ms = await measureBareCommands({ url: repository.url, tag, ...place, environment });
      progress(`  bare commands: ${(ms / 1000).toFixed(1)} s`);
      return ms;
    };
    await using berth = await startBerth({
      // As a new user has it.
      environment: {
        ...environment,
        BERTH_SANDBOX: 'auto',
        BERTH_TOOLS_DIR: join(folder, 'tools'),
      },
    });
    const { ms, subject } = await deployFirst(berth, { url: repository.url, tag: 'v1' });
    progress(`  first deployment: ${(ms / 1000).toFixed(1)} s`);
    const first = { berthMs: ms, bareMs: await bare('v1') };

    const again = async (tag: string): Promise<number> => {
      const deployedMs = await subject.deploy(tag);
      progress(`  ${tag}: ${(deployedMs / 1000).toFixed(1)} s`);
      return deployedMs;
    };
    const texts = { first: `first ${round}`, second: `second ${round}` };
    const source = (name: ApplicationName) =>
      [`${name}/src/index.ts`, sourceOf(name, texts[name])] as const;
    await repository.commit(Object.fromEntries([source('first'), source('second')]), `s${round}`);
    const changed = { berthMs: await again(`s${round}`), bareMs: await bare(`s${round}`) };
    await requireAnswers(subject, texts);

    await repository.commit({ 'README.md': `Round ${round}\n` }, `r${round}`);
    const bareMs = await bare(`r${round}`);
    const untouched = { berthMs: await again(`r${round}`), bareMs };
    const same = { berthMs: await again(`r${round}`), bareMs };
    return {
      'first deployment, empty caches': first,
      'only source changed': changed,
      'new tag, applications untouched': untouched,
      'nothing changed': same,
    };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
