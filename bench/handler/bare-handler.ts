import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { type Arrivals, openArrivals } from './arrivals.ts';
import { handlerProgram } from './program.ts';

export interface BareHandler extends AsyncDisposable {
  /** Its port, or the path of its socket. */
  readonly at: string;
  readonly arrivals: Arrivals;
  /** Resolves when everything that has arrived is noted down. */
  end(): Promise<void>;
}

/** The handler as a process of its own, without Berth, at a free port or at the path of a socket. */
export async function startBareHandler(
  folder: string,
  name: string,
  { source = handlerProgram, at: where = '0' } = {},
): Promise<BareHandler> {
  const program = join(folder, `${name}.cjs`);
  const file = join(folder, `${name}.arrivals`);
  await writeFile(program, source);
  const child = execa(process.execPath, [program], {
    env: { PORT: where, ARRIVALS: file },
    buffer: false,
    reject: false,
    stdin: 'ignore',
    stderr: 'inherit',
  });
  const at = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    void child.then(() => reject(new Error('The handler ended before it listened')));
  });
  const arrivals = await openArrivals(file);
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    await child;
  };
  return {
    at,
    arrivals,
    end,
    async [Symbol.asyncDispose]() {
      await end();
      await arrivals[Symbol.asyncDispose]();
    },
  };
}
