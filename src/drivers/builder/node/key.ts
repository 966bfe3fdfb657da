import { createHash } from 'node:crypto';
import type { ApplicationType } from '../../../core/application.ts';
import { planVersion } from './plan.ts';

/** Everything that goes into an artifact. */
export interface ArtifactInputs {
  readonly application: string;
  readonly type: ApplicationType;
  readonly environment: Readonly<Record<string, string>>;
  /** Folder → digest of everything below it. */
  readonly trees: ReadonlyMap<string, string>;
  /** `node 24.1.0`, `npm 11.0.0`, … */
  readonly tools: readonly string[];
}

export function artifactKey(inputs: ArtifactInputs): string {
  const canonical = [
    planVersion,
    process.platform,
    process.arch,
    inputs.application,
    inputs.type,
    sorted(Object.entries(inputs.environment)),
    sorted([...inputs.trees]),
    [...new Set(inputs.tools)].sort(),
  ];
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex');
}

function sorted(entries: readonly (readonly [string, string])[]): unknown {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
