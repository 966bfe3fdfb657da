import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { shareCompiled } from '../config/read-env.ts';

/** Long after everything is loaded, soon enough for most servers to come so far. */
const flushAfterMs = 10_000;

/**
 * A start costs half as much when Node need not compile everything again. The cache lies with the packages, where only
 * who may change the program may write: in a folder for everybody it could be another program's. Where nobody may write,
 * Node does without.
 */
export function keepCompiled(): void {
  const folder = join(import.meta.dirname, '../../node_modules/.cache/berth');
  enableCompileCache(folder);
  shareCompiled(folder);
  // Node writes it when the process ends, and a server may be killed.
  setTimeout(flushCompileCache, flushAfterMs).unref();
}
