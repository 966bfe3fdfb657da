import { z } from 'zod';
import { type Scaling, scalingLimits } from '../core/scaling.ts';

const count = ({ from, to }: { readonly from: number; readonly to: number }) =>
  z.int().min(from).max(to).exactOptional();

/** Beside an application's other overrides, as a client sends them. */
export const sentScalingShape = {
  minInstances: count(scalingLimits.minInstances).meta({
    description:
      'So many instances run at all times. 0: it sleeps while nobody asks for it. Absent: 1 in production, else 0.',
  }),
  maxInstances: count(scalingLimits.maxInstances).meta({
    description: 'So many run where it is asked for enough. Absent: 1, or minInstances.',
  }),
};

/** As they are answered: only where a client has set them. */
export const scalingShape = {
  minInstances: z.int().exactOptional(),
  maxInstances: z.int().exactOptional(),
};

export function printScaling({ minInstances, maxInstances }: Partial<Scaling>): Partial<Scaling> {
  return {
    ...(minInstances === undefined ? {} : { minInstances }),
    ...(maxInstances === undefined ? {} : { maxInstances }),
  };
}
