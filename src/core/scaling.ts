import type { DeploymentType } from './deployment.ts';

/** How many instances of an application run: never fewer, never more. */
export interface Scaling {
  readonly minInstances: number;
  readonly maxInstances: number;
}

/** What may be asked for, both ends included. */
export const scalingLimits = {
  minInstances: { from: 0, to: 20 },
  maxInstances: { from: 1, to: 20 },
} as const;

/** Contract §2.6: production is kept warm, preview and sandbox sleep while nobody asks for them. */
export function scalingOf(type: DeploymentType, own: Partial<Scaling>): Scaling {
  const warm = type === 'production' ? 1 : 0;
  const minInstances = own.minInstances ?? warm;
  return { minInstances, maxInstances: own.maxInstances ?? Math.max(1, minInstances) };
}

/** Of a release from before releases said so: one instance, all the time. */
export const unscaled: Scaling = { minInstances: 1, maxInstances: 1 };
