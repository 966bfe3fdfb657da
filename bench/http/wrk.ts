import { execa } from 'execa';
import type { Command } from './processors.ts';

/** As many requests as are answered, on connections that stay open. */
export interface Load {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly seconds: number;
}

export const connections = 32;

export interface Throughput {
  readonly perSecond: number;
  /** All with 200. */
  readonly answered: number;
}

/** @throws Error where a request was not answered with 200 */
export async function measureThroughput(
  wrk: (command: readonly string[]) => Command,
  program: string,
  { url, headers = {}, seconds }: Load,
): Promise<Throughput> {
  const [file, ...args] = wrk([
    program,
    '--threads=1',
    `--connections=${connections}`,
    `--duration=${seconds}s`,
    '--timeout=30s',
    ...Object.entries(headers).map(([name, value]) => `--header=${name}: ${value}`),
    url,
  ]);
  const { stdout } = await execa(file, args, { stdin: 'ignore' });
  const failed = /^\s*(?:Non-2xx or 3xx responses|Socket errors): .*$/m.exec(stdout)?.[0];
  if (failed !== undefined) throw new Error(`Not all requests to ${url} were answered: ${failed}`);
  const perSecond = Number(/^Requests\/sec:\s*([\d.]+)$/m.exec(stdout)?.[1]);
  const answered = Number(/^\s*(\d+) requests in /m.exec(stdout)?.[1]);
  if (!(perSecond > 0 && answered > 0)) throw new Error(`wrk has measured nothing:\n${stdout}`);
  return { perSecond, answered };
}
