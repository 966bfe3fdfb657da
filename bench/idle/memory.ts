import { readFile } from 'node:fs/promises';

/** In bytes. RSS counts what processes share in each of them; PSS divides it among them. */
export interface Memory {
  readonly rss: number;
  readonly pss: number;
}

export async function readMemory(pid: number): Promise<Memory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytesOf = (name: string): number => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    if (kilobytes === undefined) throw new Error(`/proc/${pid}/smaps_rollup does not say ${name}`);
    return Number(kilobytes) * 1024;
  };
  return { rss: bytesOf('Rss'), pss: bytesOf('Pss') };
}
