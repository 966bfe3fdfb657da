import { RuntimeFailure } from '../../../core/failure.ts';
import { signalOfExitCode } from '../../sandbox/exit-signal.ts';
import type { Confined, Sandbox } from '../../sandbox/sandbox.ts';
import { confine } from './confine.ts';
import { unusableVariable } from './environment.ts';
import type { LaunchSpec } from './launch-spec.ts';
import type { ProcessTable } from './process-table.ts';
import { endProcessTree, survivorsOfChild } from './process-tree.ts';
import type { Records } from './records.ts';
import type { RunFolder } from './run-folder.ts';
import { type Child, type OnLine, type ProcessExit, spawnGroup } from './spawn.ts';
import { makeWorkFolder, readOtherPorts, removeWorkFolder } from './work-folder.ts';

export interface World {
  readonly folder: RunFolder;
  readonly records: Records;
  readonly table: ProcessTable;
  readonly sandbox: Sandbox;
}

/** A process tree that runs, from its record on disk to the removal of its last trace. */
export interface Launch {
  readonly pid: number;
  /** Resolves once, when no process, file or record of it is left. Never rejects. */
  readonly finished: Promise<Finish>;
  otherPorts(): readonly number[];
  /** Ends the whole tree and waits for `finished`. @throws RuntimeFailure where it cannot be ended */
  end(graceMs: number): Promise<void>;
}

export interface Finish extends ProcessExit {
  readonly exceeded: string | undefined;
  readonly otherPorts: readonly number[];
}

/** What is left behind by a main process that ended by itself gets this long. */
const leftoverGraceMs = 2_000;
const patienceMs = 10_000;
const drainMs = 5_000;

export async function launch(world: World, spec: LaunchSpec, onLine: OnLine): Promise<Launch> {
  refuseUnusable(spec);
  const work = world.folder.workOf(spec.id);
  await world.records.write({ id: spec.id });
  await using owned = new AsyncDisposableStack();
  owned.defer(() => removeTraces(world, spec.id, work));
  const environment = await makeWorkFolder(work, spec);
  const confined = owned.use(await confine(world.sandbox, { work, environment, spec }));
  const child = await spawnGroup(
    confined.program,
    {
      // In an overlay it comes to be only later, and then the sandbox goes there.
      directory: spec.view.overlay === undefined ? spec.directory : work,
      environment: confined.environment,
      descriptors: confined.descriptors,
    },
    onLine,
  );
  confined.watch(child);
  const recorded = recordChild(world, spec.id, child);
  const launched = follow(world, { child, recorded, work, confined, traces: owned.move() });
  await recorded.catch(async (error: unknown) => {
    await launched.end(0);
    throw error;
  });
  return launched;
}

function refuseUnusable(spec: LaunchSpec): void {
  const key = unusableVariable(spec.environment);
  if (key === undefined) return;
  throw new RuntimeFailure(
    `The variable ${JSON.stringify(key)} cannot be given to a process: its name is empty, or name or value hold a character no process can receive.`,
    { nextStep: 'Change this configuration key and deploy again.' },
  );
}

async function recordChild(world: World, id: string, { pid }: Child): Promise<void> {
  const startedAt = await world.table.startTimeOf(pid);
  if (startedAt !== undefined) await world.records.write({ id, pid, startedAt });
}

interface Followed {
  readonly child: Child;
  readonly recorded: Promise<void>;
  readonly work: string;
  readonly confined: Confined;
  readonly traces: AsyncDisposable;
}

function follow(world: World, { child, recorded, work, confined, traces }: Followed): Launch {
  const survivors = survivorsOfChild(world.table, {
    pid: child.pid,
    work,
    isMonitor: confined.hasMonitor,
    hasExited: child.hasExited,
  });
  const endings: Promise<void>[] = [];
  let lastPorts: readonly number[] | undefined;
  const otherPorts = () => lastPorts ?? readOtherPorts(work);

  async function finish(): Promise<Finish> {
    const exit = confined.hasMonitor ? exitInside(await child.exit) : await child.exit;
    const isAskedToEnd = (await Promise.allSettled(endings)).length > 0;
    await endProcessTree(survivors, {
      graceMs: isAskedToEnd ? 0 : leftoverGraceMs,
      patienceMs: Number.POSITIVE_INFINITY,
    });
    await child.drain(drainMs);
    await Promise.allSettled([recorded]);
    lastPorts = otherPorts();
    const hasFailed = !isAskedToEnd && exit.code !== 0;
    const exceeded = await confined.exceeded(hasFailed);
    await traces[Symbol.asyncDispose]();
    return { ...exit, exceeded, otherPorts: lastPorts };
  }

  const finished = finish();
  return {
    pid: child.pid,
    finished,
    otherPorts,
    async end(graceMs) {
      const ending = endProcessTree(survivors, { graceMs, patienceMs });
      endings.push(ending);
      await ending;
      await finished;
    },
  };
}

function exitInside(exit: ProcessExit): ProcessExit {
  const signal = signalOfExitCode(exit.code ?? 0);
  return signal === undefined ? exit : { code: null, signal };
}

async function removeTraces(world: World, id: string, work: string): Promise<void> {
  try {
    await removeWorkFolder(work);
    await world.records.remove(id);
  } catch {
    // The record stays with what could not be removed, and the next look at it tries again.
  }
}
