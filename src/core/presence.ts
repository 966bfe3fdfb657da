import type { InstanceAddress } from './route-table.ts';

/** What there is of one application of a release. */
export interface Presence {
  /** Those that are healthy. */
  readonly instances: readonly InstanceAddress[];
  /** Nothing of it needs to run: it starts as soon as somebody asks for it. */
  readonly sleeps: boolean;
  /** Why nothing is to be expected of it soon, for people. Absent: it answers, sleeps or starts. */
  readonly failing?: string;
}

/** By `applicationKey`. */
export type Presences = ReadonlyMap<string, Presence>;

export const absent: Presence = { instances: [], sleeps: false };
export const asleep: Presence = { instances: [], sleeps: true };

/** Whether it answers whoever asks. */
export function isPresent({ instances, sleeps }: Presence): boolean {
  return instances.length > 0 || sleeps;
}
