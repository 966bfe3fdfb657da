import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { descendants, readProcesses } from './process-rows.ts';

/** Looks again and again whether a job has gone above what the kernel does not limit here. */
export interface Watchdog {
  /** What it went above, once it was ended for it. */
  reason(): string | undefined;
  stop(): Promise<void>;
}

export interface Watched {
  /** The leader of the process group. */
  readonly pid: number;
  readonly memoryMb?: number;
  readonly disk?: { readonly folders: readonly string[]; readonly maxMb: number };
}

const memoryEveryMs = 500;
const diskEveryMs = 3_000;

export function startWatchdog({ pid, memoryMb, disk }: Watched): Watchdog {
  let reason: string | undefined;
  const stopping = new AbortController();
  const end = (why: string) => {
    if (stopping.signal.aborted) return;
    reason ??= why;
    killGroup(pid);
  };
  const looks = [
    ...(memoryMb === undefined
      ? []
      : [
          repeat(memoryEveryMs, stopping.signal, async () => {
            if ((await memoryOfTree(pid)) > memoryMb * 1024) end(memoryReason(memoryMb));
          }),
        ]),
    ...(disk === undefined
      ? []
      : [
          repeat(diskEveryMs, stopping.signal, async () => {
            if ((await sizeOf(disk.folders, stopping.signal)) > disk.maxMb * 1024 ** 2) {
              end(`wrote more than ${disk.maxMb} MB`);
            }
          }),
        ]),
  ];
  return {
    reason: () => reason,
    async stop() {
      stopping.abort();
      await Promise.all(looks);
    },
  };
}

export function memoryReason(memoryMb: number): string {
  return `used more than ${memoryMb} MB of memory`;
}

/** A look that fails is made again. */
async function repeat(
  everyMs: number,
  signal: AbortSignal,
  look: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await nap(everyMs, signal);
    if (!signal.aborted) await look().catch(() => undefined);
  }
}

function nap(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(wake, ms);
    timer.unref();
    function wake() {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    }
    signal.addEventListener('abort', wake);
  });
}

export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

/** In KiB: what belongs to its processes alone, so that nothing they share counts twice. */
async function memoryOfTree(leader: number): Promise<number> {
  const tree = descendants(leader, await readProcesses());
  const sizes = await Promise.all(
    tree.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      return Number(/^RssAnon:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function sizeOf(folders: readonly string[], signal: AbortSignal): Promise<number> {
  // Files come and go meanwhile: it counts what it can and ends with 1.
  const { stdout } = await execa('du', ['-scxB1', '--', ...folders], {
    reject: false,
    cancelSignal: signal,
    timeout: 60_000,
    env: { LC_ALL: 'C' },
  });
  return Number(/^(\d+)\ttotal$/m.exec(stdout)?.[1] ?? 0);
}
