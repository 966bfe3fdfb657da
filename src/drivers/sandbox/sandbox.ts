import type { ChildProcess } from 'node:child_process';
import type { Readable, Stream } from 'node:stream';
import type { Overlay } from './overlay.ts';

/** Puts a program where it sees and uses only what it was given, as far as this machine can. Disposed of after the last job. */
export interface Sandbox extends AsyncDisposable {
  /** What separates programs from the machine and from each other. */
  readonly separation: 'bubblewrap' | 'none';
  /** private: each job has a network of its own, in which nobody reaches its ports. shared: all use this machine's. */
  readonly network: 'private' | 'shared';
  /** Whether a view may have an overlay. */
  readonly canOverlay: boolean;
  /** The descriptor at which a program of its jobs may wait for leave itself. Undefined where none can. */
  readonly leaveAt: number | undefined;
  readonly report: SandboxReport;
  /** @throws RuntimeFailure where its program cannot be started */
  start(job: Job): Promise<Started>;
  /** For those who start it themselves. */
  confine(job: Job): Promise<Confined>;
  /** Gives folders, with all that is in them, to the user that confined programs run as. */
  handOver(...folders: readonly string[]): Promise<void>;
  /** The same for one that nobody but the caller has seen yet: quicker where little is in it. */
  handOverNew(folder: string): Promise<void>;
  /** Removes what the limits of killed Berths have left in the kernel. */
  sweep(): Promise<void>;
}

/** What holds on this machine, in words for people. */
export interface SandboxReport {
  readonly separation: string;
  readonly network: string;
  readonly memory: string;
  readonly processes: string;
  readonly cpu: string;
}

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

export interface Job {
  readonly program: Program;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly view: View;
  readonly limits: Limits;
  /** What its environment holds that nobody else's does: what is on the way to its program has it, too. */
  readonly mark?: string;
  /** Ends with the process that starts it, whatever ends that. */
  readonly endsWithParent?: boolean;
  /**
   * Called once, when what there is to make ready is under way: its program begins only once this resolves. Where it rejects,
   * whoever has started the job ends it.
   */
  readonly mayBegin?: (() => Promise<void>) | undefined;
  /**
   * How its program is started where it waits for leave itself: it reads a byte at `leaveAt`, and ends where none comes. Then it may be
   * started before. Absent where it cannot, or would run something of the job's before.
   */
  readonly waiting?: Pick<Job, 'program' | 'directory' | 'environment'> | undefined;
}

/** What of the file system a program sees, at the same paths as outside, beside the system's own programs. */
export interface View {
  readonly readable: readonly string[];
  readonly writable: readonly string[];
  /** Writable as well, and not its own: what others write there is not counted as what it wrote. */
  readonly shared: readonly string[];
  /** Empty folders of its own, in memory: each may hold `scratchMb`. */
  readonly scratch: readonly string[];
  /** Folders in what it sees whose content it does not. */
  readonly hidden: readonly string[];
  /** In one of the writable folders. */
  readonly overlay?: Overlay;
  /** What it sees as `/tmp`. Absent: scratch. */
  readonly temporary?: string;
  /** Where it sees the folder that it has in common with Berth, if it has a network of its own. */
  readonly common?: string;
  /** Further places for folders, read-only. */
  readonly also?: readonly { readonly folder: string; readonly at: string }[];
}

/** Of all processes of a job together where the kernel counts them together, else of each. */
export interface Limits {
  readonly memoryMb: number;
  readonly cpus: number;
  readonly processes: number;
  readonly openFiles: number;
  /** The largest file. */
  readonly fileMb: number;
  readonly scratchMb: number;
  /** What the writable folders may hold together. Absent: nobody looks. */
  readonly diskMb?: number;
  /** 0 to 19: the higher, the more it waits for others. */
  readonly niceness: number;
}

/** Text to be read, a stream between both, or nothing. */
export type Descriptor = { readonly text: string } | 'pipe' | 'ignore';

/** A process that was spawned, with its streams by descriptor. */
export interface Spawned {
  readonly pid: number;
  readonly stdio: readonly (Stream | null | undefined)[];
}

/** A process at the head of a process group of its own, whose output somebody must read. */
export type GroupLeader = ChildProcess & {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
};

/** A job under way. Disposed of once it has ended. */
export interface Started extends AsyncDisposable {
  readonly leader: GroupLeader;
  /** Once its program may begin; rejects where it may not. */
  readonly begun: Promise<void>;
  /** The folder that its view has in common with Berth, as Berth sees it, once it is there. Undefined where there is none. */
  readonly common: Promise<string | undefined>;
  /** The leader only waits for the program: it must live until the program has ended. */
  readonly hasMonitor: boolean;
  /** The limit that ended it, as "used more than 512 MB of memory"; undefined where none did. */
  exceeded(hasFailed: boolean): Promise<string | undefined>;
}

/** A job made ready to be spawned. Disposed of once it has ended. */
export interface Confined extends Omit<Started, 'leader' | 'begun' | 'common'> {
  readonly program: Program;
  readonly environment: Readonly<Record<string, string>>;
  /** What its process is to be spawned with from descriptor 3 on. */
  readonly descriptors: readonly Descriptor[];
  /** To be called once it is spawned. False where it ended before it had what it was to have. */
  watch(spawned: Spawned): Promise<boolean>;
}
