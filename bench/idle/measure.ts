import { setTimeout as rest } from 'node:timers/promises';
import { type Berth, startBerth } from '../../test/support/berth.ts';
import type { BenchmarkRun } from '../benchmark-command.ts';
import { commitInParts, deployOriginal } from '../records/original.ts';
import { until } from '../redeploy/until.ts';
import { type Memory, readMemory } from './memory.ts';
import { sleepingCopies } from './sleeping.ts';

export const processes = ['control', 'data', 'supervisor'] as const;
export type Process = (typeof processes)[number];

export interface Round {
  readonly empty: Readonly<Record<Process, Memory>>;
  readonly sleeping: Readonly<Record<Process, Memory>>;
}

export interface Measured {
  readonly rounds: readonly Round[];
}

export const sleepingCount = 1_000;
/** Each begins with a start: until what starting takes is given back, and a few looks are taken. */
export const restMs = 20_000;
const pollMs = 500;

/** Two Berths, one after the other: what the second has in its store is all that they differ in. */
export async function measureIdle({
  rounds: count,
  environment,
  progress,
}: BenchmarkRun): Promise<Measured> {
  // With a domain, as on a server: a thousand applications have no thousand ports of their own there.
  const settings = { environment: { ...environment, BERTH_APPS_DOMAIN: 'example.com' } };
  await using empty = await startBerth(settings);
  await using sleeping = await startBerth(settings);
  const original = await deployOriginal(sleeping);
  await empty.stop();
  await sleeping.stop();
  {
    await using store = await sleeping.openStore();
    await commitInParts(store, sleepingCopies(original, sleepingCount - 1));
  }
  const rounds: Round[] = [];
  for (let round = 0; round < count; round += 1) {
    progress(`round ${round + 1} of ${count}`);
    rounds.push({
      empty: await measureStart(empty),
      sleeping: await measureStart(sleeping, awaitRoutes),
    });
  }
  return { rounds };
}

async function measureStart(
  berth: Berth,
  awaitUp: (berth: Berth) => Promise<void> = async () => {},
): Promise<Round['empty']> {
  await berth.start();
  await awaitUp(berth);
  await rest(restMs);
  const measured = {
    control: await readMemory(berth.pidOf('control')),
    data: await readMemory(berth.pidOf('data')),
    supervisor: await readMemory(berth.pidOf('supervisor')),
  };
  await berth.stop();
  return measured;
}

/** Until the data plane has taken all of them in. */
async function awaitRoutes(berth: Berth): Promise<void> {
  await using store = await berth.openStore();
  await until('Everything is routed', pollMs, async () => {
    const releases = await store.runtime.releases({ states: ['current'] });
    const routed = releases.filter((release) => release.routed);
    return routed.length === sleepingCount ? true : undefined;
  });
}
