import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/parse-config.ts';
import { openProcessRuntime } from '../drivers/runtime/process/process-runtime.ts';
import { openSandbox } from '../drivers/sandbox/open-sandbox.ts';
import type { Runtime } from '../ports/runtime.ts';
import { dataLayout } from './data-layout.ts';
import { trySeat } from './seats.ts';

/** What a process that is dead has left running. @returns how many */
export async function endLeftovers(runtime: Pick<Runtime, 'observe' | 'stop'>): Promise<number> {
  const leftovers = (await runtime.observe()).filter(({ owned }) => !owned);
  await Promise.all(leftovers.map(({ id }) => runtime.stop(id, 0)));
  return leftovers.length;
}

/** Of every plane that died and is not to be started again: else its applications would outlive the server that was stopped. */
export async function endAllLeftovers({ dataDirectory, sandbox: mode }: Config): Promise<number> {
  const layout = dataLayout(dataDirectory);
  let ended = 0;
  for (const name of await readdir(layout.runs).catch(() => [])) {
    using seat = trySeat(layout, name);
    // Somebody else's, and alive.
    if (seat === undefined) continue;
    const directory = layout.run(name);
    const sandbox = await openSandbox({ directory: join(directory, 'sandbox'), mode });
    await using runtime = await openProcessRuntime({ directory, sandbox });
    ended += await endLeftovers(runtime);
  }
  return ended;
}
