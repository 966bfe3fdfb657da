import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a connector's program waits until the test lets it go on, so that the test can act at exactly that moment. */
export interface Gate {
  /** CommonJS; what follows it is put into `goOn`. */
  program(goOn: string): string;
  /** The processes that have come here, in order. */
  arrivals(): Promise<readonly number[]>;
  open(): Promise<void>;
}

/** `folder` must outlive the programs. */
export function makeGate(folder: string, name: string): Gate {
  const arrivals = join(folder, `${name}.arrivals`);
  const opened = join(folder, `${name}.open`);
  return {
    program: (goOn) => `
const fs = require('node:fs');
fs.appendFileSync(${JSON.stringify(arrivals)}, process.pid + '\\n');
console.log('waits at the gate ${name}');
const looking = setInterval(() => {
  if (!fs.existsSync(${JSON.stringify(opened)})) return;
  clearInterval(looking);
  ${goOn}
}, 20);
`,
    async arrivals() {
      const text = await readFile(arrivals, 'utf8').catch(() => '');
      return text.split('\n').filter(Boolean).map(Number);
    },
    open: () => writeFile(opened, ''),
  };
}
