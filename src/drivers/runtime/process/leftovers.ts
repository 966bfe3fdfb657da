import { RuntimeFailure } from '../../../core/failure.ts';
import type { World } from './launch.ts';
import { endProcessTree, survivorsOfRecord } from './process-tree.ts';
import type { InstanceRecord } from './records.ts';
import { removeWorkFolder } from './work-folder.ts';

export interface Leftover {
  readonly id: string;
  readonly pid: number;
}

/**
 * What an earlier process of Berth started and did not live to stop. Records that no running process answers for are
 * removed, with their folders.
 */
export async function findLeftovers(
  world: World,
  isOwned: (id: string) => boolean,
): Promise<readonly Leftover[]> {
  const records = (await world.records.list()).filter((record) => !isOwned(record.id));
  const found = await Promise.all(
    records.map(async (record) => {
      const leftover = await findLeftover(world, record);
      if (leftover === undefined && !isOwned(record.id)) await removeTraces(world, record.id);
      return leftover;
    }),
  );
  return found.filter((leftover) => leftover !== undefined);
}

/** Its record would be overwritten and its processes lost. */
export async function refuseLeftover(world: World, id: string): Promise<void> {
  const record = world.records.read(id);
  if (record === undefined || (await findLeftover(world, record)) === undefined) return;
  throw new RuntimeFailure(`Instance ${id} still runs from before Berth was restarted.`, {
    nextStep: 'Stop it first.',
  });
}

export async function endLeftover(world: World, id: string, graceMs: number): Promise<void> {
  const record = world.records.read(id);
  if (record === undefined) return;
  await endProcessTree(survivorsOfRecord(world.table, record, world.folder.workOf(id)), {
    graceMs,
    patienceMs: 10_000,
  });
  await removeTraces(world, id);
  await world.sandbox.sweep();
}

async function findLeftover(world: World, record: InstanceRecord): Promise<Leftover | undefined> {
  const survivors = survivorsOfRecord(world.table, record, world.folder.workOf(record.id));
  const [first] = await survivors();
  return first === undefined ? undefined : { id: record.id, pid: Math.abs(first.target) };
}

async function removeTraces(world: World, id: string): Promise<void> {
  await removeWorkFolder(world.folder.workOf(id));
  await world.records.remove(id);
}
