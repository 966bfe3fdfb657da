import type { Descriptor } from './sandbox.ts';

/** As execa takes it. */
export function stdioOf(descriptor: Descriptor): 'pipe' | 'ignore' | [Buffer] {
  return typeof descriptor === 'string' ? descriptor : [Buffer.from(descriptor.text)];
}
