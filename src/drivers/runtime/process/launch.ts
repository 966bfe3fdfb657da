import { rmSync, symlinkSync } from 'node:fs';
import { RuntimeFailure } from '../../../core/failure.ts';
import { signalOfExitCode } from '../../sandbox/exit-signal.ts';
import type { Sandbox, Started } from '../../sandbox/sandbox.ts';
import { killGroup } from '../../sandbox/watchdog.ts';
import { unusableVariable, workLayout } from './environment.ts';
import { type Child, followChild, type OnLines, type ProcessExit } from './follow-child.ts';
import type { LaunchSpec } from './launch-spec.ts';
import type { ProcessTable } from './process-table.ts';
import { endProcessTree, survivorsOfChild } from './process-tree.ts';
import type { Records } from './records.ts';
import type { RunFolder } from './run-folder.ts';
import { startConfined } from './start-confined.ts';
import { hasSocket, makeWorkFolder, readOtherPorts, removeWorkFolder } from './work-folder.ts';

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

export async function launch(world: World, spec: LaunchSpec, onLines: OnLines): Promise<Launch> {
  refuseUnusable(spec);
  const work = world.folder.workOf(spec.id);
  world.records.write({ id: spec.id });
  await using owned = new AsyncDisposableStack();
  owned.defer(() => removeTraces(world, spec.id, work));
  const environment = await makeWorkFolder(work, spec);
  const started = owned.use(await startConfined(world.sandbox, { work, environment, spec }));
  const child = followChild(started.leader, onLines);
  owned.use(linkLater(started.common, workLayout(work).commonLink, child.pid));
  const recorded = recordChild(world, spec.id, child);
  const launched = follow(world, { spec, child, recorded, work, started, traces: owned.move() });
  await Promise.all([recorded, started.begun]).catch(async (error: unknown) => {
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
  if (startedAt !== undefined) world.records.write({ id, pid, startedAt });
}

interface Followed {
  readonly spec: LaunchSpec;
  readonly child: Child;
  readonly recorded: Promise<void>;
  readonly work: string;
  readonly started: Started;
  readonly traces: AsyncDisposable;
}

function follow(world: World, { spec, child, recorded, work, started, traces }: Followed): Launch {
  const survivors = survivorsOfChild(world.table, {
    pid: child.pid,
    work,
    isMonitor: started.hasMonitor,
    hasExited: child.hasExited,
  });
  const endings: Promise<void>[] = [];
  let lastPorts: readonly number[] | undefined;
  const { ports: file, portsInCommon } = workLayout(work);
  const ports = hasSocket(spec) ? portsInCommon : file;
  const otherPorts = () => lastPorts ?? readOtherPorts(ports);

  async function finish(): Promise<Finish> {
    const exit = started.hasMonitor ? exitInside(await child.exit) : await child.exit;
    const isAskedToEnd = (await Promise.allSettled(endings)).length > 0;
    await endProcessTree(survivors, {
      graceMs: isAskedToEnd ? 0 : leftoverGraceMs,
      patienceMs: Number.POSITIVE_INFINITY,
    });
    await child.drain(drainMs);
    await Promise.allSettled([recorded]);
    lastPorts = otherPorts();
    const hasFailed = !isAskedToEnd && exit.code !== 0;
    const exceeded = await started.exceeded(hasFailed);
    await traces[Symbol.asyncDispose]();
    return { ...exit, exceeded, otherPorts: lastPorts };
  }

  const finished = finish();
  return {
    ...{ pid: child.pid, finished },
    otherPorts,
    async end(graceMs) {
      const ending = endProcessTree(survivors, { graceMs, patienceMs });
      endings.push(ending);
      await ending;
      await finished;
    },
  };
}

/** A name that nobody else has: the folder's own, a number, comes round again as soon as it is closed. */
function linkLater(folder: Promise<string | undefined>, link: string, pid: number): Disposable {
  let isOver = false;
  void folder.then((path) => {
    if (path === undefined || isOver) return;
    try {
      symlinkSync(path, link);
    } catch {
      // Nobody would ever reach it.
      killGroup(pid);
    }
  });
  return {
    [Symbol.dispose]() {
      isOver = true;
      rmSync(link, { force: true });
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
