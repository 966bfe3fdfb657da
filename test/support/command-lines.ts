import { readdir, readFile } from 'node:fs/promises';

/** Looks at the command lines of a process and everything below it, again and again until it is disposed of. Linux only. */
export interface CommandLines extends AsyncDisposable {
  /** Each that was seen. */
  readonly seen: ReadonlySet<string>;
}

const everyMs = 60;

/** @param onEnvironment told of the environment of each process, too, as often as it is seen */
export function watchCommandLines(
  rootOf: () => number,
  onEnvironment?: (line: string, environment: string) => void,
): CommandLines {
  const seen = new Set<string>();
  const stop = new AbortController();
  const watching = (async () => {
    while (!stop.signal.aborted) {
      for (const { pid, line } of await processesBelow(rootOf())) {
        seen.add(line);
        if (onEnvironment !== undefined) onEnvironment(line, await read(pid, 'environ'));
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return {
    seen,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await watching;
    },
  };
}

function read(pid: number, name: string): Promise<string> {
  return readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
}

async function processesBelow(root: number) {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  await Promise.all(
    pids.map(async (pid) => {
      // The name of the program stands in brackets and may hold anything.
      const [, rest = ''] = /\) \S (.*)$/s.exec(await read(pid, 'stat')) ?? [];
      parents.set(pid, Number(rest.split(' ')[0]));
    }),
  );
  const isBelow = (pid: number): boolean => {
    for (let one = pid; one > 1; one = parents.get(one) ?? 0) if (one === root) return true;
    return false;
  };
  const found = await Promise.all(
    pids.filter(isBelow).map(async (pid) => {
      return { pid, line: (await read(pid, 'cmdline')).replaceAll('\0', ' ') };
    }),
  );
  return found.filter(({ line }) => line !== '');
}
