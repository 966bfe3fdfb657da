import type { Progress } from '../../compose/backup/progress.ts';

/** Short work says nothing. */
const sayEveryMs = 2000;

export function showProgress(output: Pick<NodeJS.WriteStream, 'write'>): Progress {
  let saidAt = performance.now();
  return (what, rows) => {
    if (performance.now() - saidAt < sayEveryMs) return;
    saidAt = performance.now();
    output.write(`${what}: ${rows} rows\n`);
  };
}
