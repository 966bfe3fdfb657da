import { expect, test } from 'vitest';
import { scalingOf } from '../../src/core/scaling.ts';

test.for([
  { type: 'preview', own: {}, scaling: [0, 1] },
  { type: 'sandbox', own: {}, scaling: [0, 1] },
  { type: 'production', own: {}, scaling: [1, 1] },
  { type: 'sandbox', own: { minInstances: 2 }, scaling: [2, 2] },
  { type: 'sandbox', own: { maxInstances: 4 }, scaling: [0, 4] },
  { type: 'production', own: { maxInstances: 4 }, scaling: [1, 4] },
  { type: 'production', own: { minInstances: 0 }, scaling: [0, 1] },
  { type: 'production', own: { minInstances: 2, maxInstances: 3 }, scaling: [2, 3] },
] as const)(
  'a $type Deployment that says $own has from and to $scaling',
  ({ type, own, scaling }) => {
    const [minInstances, maxInstances] = scaling;
    expect(scalingOf(type, own)).toEqual({ minInstances, maxInstances });
  },
);
