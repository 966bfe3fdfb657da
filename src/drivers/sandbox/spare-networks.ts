import { quoteForShell } from '../../core/shell-quote.ts';
import { addTree } from './add-tree.ts';
import type { Cgroup, Cgroups } from './cgroups.ts';
import { type CommonFolder, openCommonFolder } from './common-folder.ts';
import { type Leave, openLeave } from './leave.ts';
import {
  networkDescriptors,
  openWayOut,
  type PrivateNetwork,
  rulesOf,
  type WayOut,
  waitInNetwork,
} from './private-network.ts';
import { isAlive } from './process-mark.ts';
import type { GroupLeader } from './sandbox.ts';
import { finishWith, spawnGroup } from './spawn-group.ts';

/** Networks that are made before a job needs one: to make one takes longer than all else of a sandbox. */
export interface SpareNetworks extends AsyncDisposable {
  /** Nobody else gets it. Undefined where there is none. */
  take(): SpareNetwork | undefined;
}

export interface SpareNetwork extends AsyncDisposable {
  /** A shell that waits in it. */
  readonly leader: GroupLeader;
  /** Where it is alone yet, without limits. To join one takes the kernel tens of milliseconds. */
  readonly cgroup: Cgroup | undefined;
  readonly common: CommonFolder;
  readonly wayOut: WayOut;
  /** Makes the shell the first program of the chain, of which one waits for leave. At most once. */
  become(job: {
    readonly chain: readonly string[];
    /** Commands for the shell, before that. */
    readonly settings: string | undefined;
    readonly rest: string | undefined;
    readonly behind: string;
  }): void;
  readonly leave: Leave;
}

/** After one that did not last. */
const retryMs = 30_000;

const { rest: restAt, ready: readyAt, variables: variablesAt } = networkDescriptors;

type Spare = SpareNetwork & { readonly rules: string };

/**
 * Keeps so many, made one after another when nobody has taken one for `quietMs`: they are to take nothing from what begins. Where
 * one cannot be made there is none, and whoever makes its own is told why.
 */
export function openSpareNetworks(
  { network, cgroups }: { readonly network: PrivateNetwork; readonly cgroups: Cgroups | undefined },
  { count, quietMs }: { readonly count: number; readonly quietMs: number },
): SpareNetworks {
  const spares = new Set<Spare>();
  let timer: NodeJS.Timeout | undefined;
  let making = Promise.resolve();
  let isOpen = true;

  const makeLater = (ms: number): void => {
    clearTimeout(timer);
    if (!isOpen || spares.size >= count) return;
    timer = setTimeout(() => {
      making = making.then(make);
    }, ms).unref();
  };
  const make = async (): Promise<void> => {
    if (!isOpen || spares.size >= count) return;
    const spare = await openSpare(network, cgroups).catch(() => undefined);
    if (spare === undefined) return makeLater(retryMs);
    const gone = (): void => {
      if (!spares.delete(spare)) return;
      void spare[Symbol.asyncDispose]();
      makeLater(retryMs);
    };
    spares.add(spare);
    spare.leader.once('exit', gone);
    void spare.wayOut.failed.then(gone);
    // Before anybody could see it.
    if (spare.leader.exitCode !== null || spare.leader.signalCode !== null) gone();
    else makeLater(quietMs / 4);
  };
  /** The oldest comes first, and so do those whose rules are outdated. */
  const firstGood = (): Spare | undefined => {
    const rules = rulesOf(network);
    for (const spare of spares) {
      spares.delete(spare);
      const { leader, wayOut } = spare;
      if (spare.rules === rules && isAlive(leader.pid) && wayOut.isOpen()) return spare;
      void spare[Symbol.asyncDispose]();
    }
    return undefined;
  };
  makeLater(quietMs);

  return {
    take() {
      const taken = firstGood();
      makeLater(quietMs);
      return taken;
    },
    async [Symbol.asyncDispose]() {
      isOpen = false;
      clearTimeout(timer);
      await making;
      await Promise.all([...spares].map((spare) => spare[Symbol.asyncDispose]()));
    },
  };
}

async function openSpare(network: PrivateNetwork, cgroups: Cgroups | undefined): Promise<Spare> {
  await using owned = new AsyncDisposableStack();
  const cgroup = await cgroups?.make();
  owned.defer(async () => cgroup?.remove());
  const rules = rulesOf(network);
  const { command, stdin } = waitInNetwork(network, rules);
  const [file = '', ...args] = command;
  const leader = await spawnGroup(
    { file, args },
    {
      ...{ directory: '/', environment: {}, stdin: 'pipe' },
      descriptors: ['pipe', 'pipe', 'pipe', 'pipe'],
    },
  );
  // First, so that there is a way out only where the spare can be taken.
  if (cgroup !== undefined) await joinCgroup(cgroup, leader);
  const wayOut = owned.use(openWayOut(network, leader));
  owned.defer(() => end(leader));
  const input = leader.stdin;
  input?.on('error', () => undefined);
  input?.write(stdin);
  await wayOut.isUp;
  const common = owned.use(openCommonFolder(network.common, leader.pid));
  const leave = owned.use(openLeave(common));
  const kept = owned.move();
  return {
    ...{ leader, rules, wayOut, cgroup, common, leave },
    become({ chain, settings = '', rest, behind }) {
      finishWith(leader, restAt, rest ?? '');
      finishWith(leader, variablesAt, behind);
      const unused = rest === undefined ? [restAt, readyAt] : [readyAt];
      const close = unused.map((descriptor) => `exec ${descriptor}<&-\n`).join('');
      const chained = chain.map(quoteForShell).join(' ');
      // In braces: where only a part of it arrives, none of it is run.
      finishWith(leader, 0, `{ ${settings}${close}exec ${chained} </dev/null\n}\n`);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** @throws Error where it did not, and then it has ended: it would run without limits */
async function joinCgroup(cgroup: Cgroup, leader: GroupLeader): Promise<void> {
  try {
    await addTree(cgroup, leader.pid);
    if (!(await cgroup.has(leader.pid))) throw new Error('It is not in its control group');
  } catch (error) {
    end(leader);
    throw error;
  }
}

function end(leader: GroupLeader): void {
  leader.kill('SIGKILL');
  for (const stream of leader.stdio) stream?.destroy();
}
