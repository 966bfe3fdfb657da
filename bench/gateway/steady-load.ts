import { connections } from '../http/wrk.ts';

/** Requests at a rate, whatever becomes of those before. */
export interface SteadyLoad {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

/** In ms, each request counted from when it was due: one that had to wait for others is as slow as its client sees it. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
}

/**
 * Has `client-and-upstream.cjs` ask its own answers from whoever is before it.
 *
 * @param control where it takes a load
 * @throws Error where a request is not answered with 200, or the rate is too much
 */
export async function askSteadily(control: string, load: SteadyLoad): Promise<Latencies> {
  const response = await fetch(control, {
    method: 'POST',
    body: JSON.stringify({ ...load, connections }),
  });
  const said = await response.text();
  if (!response.ok) throw new Error(`Not all requests to ${load.url} were answered: ${said}`);
  return JSON.parse(said) as Latencies;
}
