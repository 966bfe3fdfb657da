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
/** What is left lasts about so long on a quick disk. */
const diskBytesPerMs = 400_000;
const diskLooks = { minMs: 1_000, maxMs: 5_000 };
/** Counting the files of a large tree costs the disk and the processor that the job could have. */
const pausePerLook = 2;

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
            return memoryEveryMs;
          }),
        ]),
    ...(disk === undefined
      ? []
      : [
          repeat(nextDiskLookMs(disk.maxMb * 1024 ** 2, 0), stopping.signal, async () => {
            const startedAt = performance.now();
            const left = disk.maxMb * 1024 ** 2 - (await sizeOf(disk.folders, stopping.signal));
            if (left < 0) end(`wrote more than ${disk.maxMb} MB`);
            return nextDiskLookMs(left, performance.now() - startedAt);
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

/** When to look at the disk again: before what is left can have been written, and not all the time. */
export function nextDiskLookMs(leftBytes: number, lookMs: number): number {
  const { minMs, maxMs } = diskLooks;
  const untilFullMs = Math.min(maxMs, Math.max(minMs, leftBytes / diskBytesPerMs));
  return Math.max(untilFullMs, lookMs * pausePerLook);
}

/** Each look says when the next is due. One that fails is made again. */
async function repeat(
  firstMs: number,
  signal: AbortSignal,
  look: () => Promise<number>,
): Promise<void> {
  let dueMs = firstMs;
  while (!signal.aborted) {
    await nap(dueMs, signal);
    if (!signal.aborted) dueMs = await look().catch(() => dueMs);
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
  const total = /^(\d+)\ttotal$/m.exec(stdout)?.[1];
  if (total === undefined) throw new Error('The files could not be counted.');
  return Number(total);
}
