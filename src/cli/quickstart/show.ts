import type { ReportEntry } from '../../core/report.ts';

/** What the quickstart tells whoever watches it. */
export interface Show {
  /** What goes on right now; replaces what went on before. Nothing: pauses. */
  underWay(tasks: readonly Task[]): void;
  step(step: Step): void;
  ready(result: Result): void;
  failed(failure: { readonly message: string; readonly nextStep?: string | undefined }): void;
  /** After `ready`. */
  stopping(): void;
  stopped(where: string): void;
}

export interface Task {
  readonly title: string;
  readonly application?: string;
}

export interface Step extends Task {
  readonly message?: string;
  /** Absent: Information. */
  readonly type?: ReportEntry['type'];
  /** ms since the epoch; absent: now */
  readonly at?: number;
}

export interface Result {
  readonly elapsedMs: number;
  readonly urls: { readonly api: string; readonly gateway: string } & Readonly<
    Record<string, string>
  >;
  readonly log: string;
  readonly commands: readonly Command[];
  /** How to end it; absent where it ends by itself. */
  readonly ending?: string;
}

export interface Command {
  readonly what: string;
  readonly command: string;
}

/** Since this process was started: what a person has waited, but for npm. */
export function elapsedMs(at: number = Date.now()): number {
  return Math.max(0, Math.round(at - performance.timeOrigin));
}

/** Answers those of the tasks under way that were not under way the time before. */
export function noteBeginnings(): (tasks: readonly Task[]) => readonly Task[] {
  let before: ReadonlySet<string> = new Set();
  const keyOf = ({ application, title }: Task): string => JSON.stringify([application, title]);
  return (tasks) => {
    const begun = tasks.filter((task) => !before.has(keyOf(task)));
    before = new Set(tasks.map(keyOf));
    return begun;
  };
}
