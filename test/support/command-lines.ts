import { readdir, readFile } from 'node:fs/promises';

/** Looks at the command lines of a process and everything below it, again and again until it is disposed of. Linux only. */
export interface CommandLines extends AsyncDisposable {
  /** Each that was seen. */
  readonly seen: ReadonlySet<string>;
}

const everyMs = 60;

export function watchCommandLines(rootOf: () => number): CommandLines {
  const seen = new Set<string>();
  const stop = new AbortController();
  const watching = (async () => {
    while (!stop.signal.aborted) {
      for (const line of await commandLinesBelow(rootOf())) seen.add(line);
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

async function commandLinesBelow(root: number): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const read = (pid: number, name: string) =>
    readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
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
  const lines = await Promise.all(pids.filter(isBelow).map((pid) => read(pid, 'cmdline')));
  return lines.map((line) => line.replaceAll('\0', ' ')).filter((line) => line !== '');
}
