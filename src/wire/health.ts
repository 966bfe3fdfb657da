import { z } from 'zod';

export const aliveSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Alive' });
export const readySchema = z.object({ status: z.literal('ready') }).meta({ id: 'Ready' });
export const notReadySchema = z
  .object({ status: z.literal('not ready'), reason: z.string() })
  .meta({ id: 'NotReady' });

export type Alive = z.input<typeof aliveSchema>;
export type Ready = z.input<typeof readySchema>;
export type NotReady = z.input<typeof notReadySchema>;
