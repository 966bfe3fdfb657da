import type { LocalAddress } from '../core/local-address.ts';
import type { Overlay, StartCommand } from './builder.ts';

/** Runs applications. Knows nothing of deployments, HTTP or statuses. */
export interface Runtime extends AsyncDisposable {
  /**
   * Starts one copy. Resolves once it is spawned, not once it is healthy: probe `address` for that.
   * @throws RuntimeFailure where it could not even be spawned
   */
  start(spec: InstanceSpec, observer: InstanceObserver): Promise<RunningInstance>;
  /** SIGTERM to the whole process tree, SIGKILL after `graceMs`. Resolves when nothing of it is left. Unknown ids are fine. */
  stop(id: string, graceMs: number): Promise<void>;
  /** Everything of this runtime that runs now, including what an earlier, killed process of Berth left behind. */
  observe(): Promise<readonly ObservedInstance[]>;
  /** Runs a command line to its end in a folder. Never throws for the command's own failure. */
  runOnce(spec: CommandSpec, options: RunOptions): Promise<CommandResult>;
}

export interface InstanceSpec {
  readonly id: string;
  readonly directory: string;
  /** The folder around `directory` that the application may read, the built repository; absent: `directory` itself. */
  readonly root?: string;
  readonly start: Exclude<StartCommand, { kind: 'static' }>;
  readonly node: { readonly executable: string };
  readonly path: readonly string[];
  /** The application's whole environment but for what the runtime itself must add (PATH, HOME, TMPDIR, NODE_OPTIONS). */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: InstanceLimits;
  /**
   * Called once, when what can be made ready is under way. Nothing of the application runs before it resolves. Where it rejects,
   * `start` does so too, with its reason.
   */
  readonly mayBegin?: () => Promise<void>;
  /** Where outbound calls to `*.commercetools.com` go instead; absent: the real hosts. */
  readonly platformRedirect?: PlatformRedirect;
}

/** Of all processes of an instance together, as far as the machine can tell. */
export interface InstanceLimits {
  readonly memoryMb: number;
  readonly cpus: number;
}

export interface PlatformRedirect {
  readonly apiUrl: string;
  readonly authUrl: string;
}

export interface InstanceObserver {
  /**
   * What the application has printed since: whole lines, a line feed between each two of them, ANSI codes kept. Each is bounded to
   * 256 KiB. Nothing more of this stream is read before the promise is resolved, so that the application waits in its write.
   */
  output(stream: 'stdout' | 'stderr', lines: string): Promise<void> | undefined;
  /** Called once, when the whole process tree is gone. */
  exited(exit: InstanceExit): void;
}

export interface InstanceExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The limit that ended it, as "used more than 512 MB of memory". */
  readonly exceeded?: string | undefined;
  /** Ports it listened on besides its own, known from what it did: shown when it never opened its own. */
  readonly otherPorts: readonly number[];
}

export interface RunningInstance {
  readonly id: string;
  readonly pid: number;
  /** Where the application answers. */
  readonly address: LocalAddress;
  /** Ports it listens on besides its own. */
  otherPorts(): readonly number[];
}

export interface ObservedInstance {
  readonly id: string;
  readonly pid: number;
  /** False for what an earlier process of Berth left behind. */
  readonly owned: boolean;
}

export interface CommandSpec {
  readonly directory: string;
  /** The folder around `directory` that the command may write; absent: `directory` itself. */
  readonly root?: string;
  /** Mounted for the command, in `root`. */
  readonly overlay?: Overlay;
  /** Given to `sh -c` as the connector wrote it. */
  readonly command: string;
  readonly path: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly platformRedirect?: PlatformRedirect;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly onOutput: (stream: 'stdout' | 'stderr', line: string) => void;
  /** Takes out of a line what must not stay in the tail, before anything is cut. */
  readonly redact?: (line: string) => string;
}

export interface CommandResult {
  readonly outcome: 'success' | 'failed' | 'timed-out' | 'aborted';
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The limit that ended it, as "used more than 4096 MB of memory". */
  readonly exceeded?: string | undefined;
  readonly durationMs: number;
  /** The last lines of stdout and stderr together, at most 8 KiB. */
  readonly tail: string;
}
