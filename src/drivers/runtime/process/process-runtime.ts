import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { RuntimeFailure } from '../../../core/failure.ts';
import type { LocalAddress } from '../../../core/local-address.ts';
import type {
  CommandResult,
  CommandSpec,
  InstanceObserver,
  InstanceSpec,
  ObservedInstance,
  RunningInstance,
  RunOptions,
  Runtime,
} from '../../../ports/runtime.ts';
import { noSandbox } from '../../sandbox/no-sandbox.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { socketFile, workLayout } from './environment.ts';
import type { OnLines } from './follow-child.ts';
import { findFreePort } from './free-port.ts';
import { type Launch, launch, type World } from './launch.ts';
import { commandLaunch, instanceLaunch, type Surroundings } from './launch-spec.ts';
import { endLeftover, findLeftovers, refuseLeftover } from './leftovers.ts';
import type { OwnPlace } from './preload.ts';
import { openProcessTable } from './process-table.ts';
import { openRecords } from './records.ts';
import { runCommand } from './run-command.ts';
import { isUsableId, runFolder } from './run-folder.ts';

export interface ProcessRuntimeOptions {
  /** Berth's own run folder: records, and the HOME, TMPDIR and preload of what runs. For one runtime at a time. */
  readonly directory: string;
  /** How long `dispose` lets applications end by themselves. */
  readonly disposeGraceMs?: number;
  /** Absent: what it runs sees and uses all that Berth does. */
  readonly sandbox?: Sandbox;
  readonly surroundings?: Surroundings;
}

const noSurroundings: Surroundings = {
  tools: [],
  caches: [],
  hidden: [],
  bounds: { processes: 512, openFiles: 8192, fileMb: 1024, scratchMb: 512 },
  commands: { memoryMb: 4096, cpus: 2, niceness: 5 },
};

/** Runs applications as processes of this machine: on loopback ports or, with networks of their own, at sockets. */
export async function openProcessRuntime(options: ProcessRuntimeOptions): Promise<Runtime> {
  const directory = resolve(options.directory);
  if (directory.includes(':')) {
    throw new RuntimeFailure(`The folder ${directory} cannot be put on a PATH.`, {
      nextStep: 'Choose a data directory without a colon in its path.',
    });
  }
  const folder = runFolder(directory);
  const world = {
    folder,
    records: await openRecords(folder),
    table: openProcessTable(process.platform),
    sandbox: options.sandbox ?? noSandbox,
  };
  return new ProcessRuntime(world, {
    disposeGraceMs: options.disposeGraceMs ?? 5_000,
    surroundings: options.surroundings ?? noSurroundings,
  });
}

/** Where an instance answers, as it sees it and as its callers do. */
interface Answering {
  readonly place: OwnPlace;
  readonly address: LocalAddress;
  ended(): void;
}

interface Owned {
  readonly launched: Promise<Launch>;
  pid?: number;
}

class ProcessRuntime implements Runtime {
  readonly #world: World;
  readonly #disposeGraceMs: number;
  readonly #surroundings: Surroundings;
  readonly #owned = new Map<string, Owned>();
  readonly #ports = new Set<number>();
  readonly #disposing = new AbortController();

  constructor(
    world: World,
    options: { readonly disposeGraceMs: number; readonly surroundings: Surroundings },
  ) {
    this.#world = world;
    this.#disposeGraceMs = options.disposeGraceMs;
    this.#surroundings = options.surroundings;
  }

  async start(spec: InstanceSpec, observer: InstanceObserver): Promise<RunningInstance> {
    if (this.#world.sandbox.network === 'shared') return this.#startOnPort(spec, observer);
    const { socket, commonLink } = workLayout(this.#world.folder.workOf(spec.id));
    return this.#start(spec, observer, {
      place: { path: socket },
      address: { socketPath: join(commonLink, socketFile) },
      ended() {},
    });
  }

  async #startOnPort(spec: InstanceSpec, observer: InstanceObserver): Promise<RunningInstance> {
    const port = await findFreePort((found) => this.#claimPort(found));
    return this.#start(spec, observer, {
      place: { port },
      address: { host: '127.0.0.1', port },
      ended: () => this.#ports.delete(port),
    });
  }

  async #start(
    spec: InstanceSpec,
    observer: InstanceObserver,
    { place, address, ended }: Answering,
  ): Promise<RunningInstance> {
    const onLines: OnLines = (stream, lines) => observer.output(stream, lines);
    try {
      const launched = await this.#own(spec.id, () =>
        launch(this.#world, instanceLaunch(spec, place, this.#surroundings), onLines),
      );
      void launched.finished.then((exit) => {
        ended();
        observer.exited(exit);
      });
      const { pid, otherPorts } = launched;
      return { id: spec.id, pid, address, otherPorts };
    } catch (error) {
      ended();
      throw error;
    }
  }

  async stop(id: string, graceMs: number): Promise<void> {
    const owned = this.#owned.get(id);
    if (owned === undefined) return endLeftover(this.#world, id, graceMs);
    const launched = await owned.launched.catch(() => undefined);
    await launched?.end(graceMs);
  }

  async observe(): Promise<readonly ObservedInstance[]> {
    const leftovers = await findLeftovers(this.#world, (id) => this.#owned.has(id));
    const owned = [...this.#owned].flatMap(([id, { pid }]) =>
      pid === undefined ? [] : [{ id, pid, owned: true }],
    );
    return [...owned, ...leftovers.map((leftover) => ({ ...leftover, owned: false }))];
  }

  async runOnce(spec: CommandSpec, options: RunOptions): Promise<CommandResult> {
    const id = `command-${randomUUID()}`;
    const signal = AbortSignal.any([options.signal, this.#disposing.signal]);
    return runCommand(
      (onLines) =>
        this.#own(id, () =>
          launch(this.#world, commandLaunch(id, spec, this.#surroundings), onLines),
        ),
      { ...options, signal },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposing.abort();
    const ids = [...this.#owned.keys()];
    const ends = await Promise.allSettled(ids.map((id) => this.stop(id, this.#disposeGraceMs)));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Owned before anything of it is on disk, so that nobody takes it for a leftover. */
  async #own(id: string, begin: () => Promise<Launch>): Promise<Launch> {
    this.#refuseId(id);
    const owned: Owned = { launched: refuseLeftover(this.#world, id).then(begin) };
    this.#owned.set(id, owned);
    try {
      const launched = await owned.launched;
      owned.pid = launched.pid;
      void launched.finished.then(() => this.#owned.delete(id));
      return launched;
    } catch (error) {
      this.#owned.delete(id);
      throw error;
    }
  }

  #refuseId(id: string): void {
    if (this.#disposing.signal.aborted) {
      throw new RuntimeFailure(`Berth is stopping and starts nothing more (${id}).`);
    }
    if (!isUsableId(id)) {
      throw new RuntimeFailure(`${JSON.stringify(id)} cannot name an instance.`, {
        nextStep: 'Use letters, digits, "-", "_" and "." only.',
      });
    }
    if (this.#owned.has(id)) throw new RuntimeFailure(`Instance ${id} runs already.`);
  }

  #claimPort(port: number): boolean {
    if (this.#ports.has(port)) return false;
    this.#ports.add(port);
    return true;
  }
}
