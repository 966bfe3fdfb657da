import { DiskFull } from './failure.ts';

export interface Room {
  readonly folder: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

const mib = 1024 ** 2;
const gib = 1024 ** 3;

/**
 * How many bytes must stay free for what runs, unless the operator says otherwise: 2 % of the disk, from 1 to 10 GiB, but never more
 * than a tenth of a small one.
 */
export function defaultFloorBytes(totalBytes: number): number {
  return Math.min(Math.max(gib, totalBytes * 0.02), 10 * gib, totalBytes * 0.1);
}

/** What each kind of data may take at most, unless the operator says otherwise: so many GiB, but only a share of a small disk. */
export function defaultBudgetBytes(kind: BudgetKind, totalBytes: number): number {
  const { atMostGib, share } = budgets[kind];
  return Math.floor(Math.min(atMostGib * gib, totalBytes * share));
}

export type BudgetKind = 'artifacts' | 'sources' | 'caches' | 'logs' | 'events';

const budgets: Readonly<
  Record<BudgetKind, { readonly atMostGib: number; readonly share: number }>
> = {
  artifacts: { atMostGib: 20, share: 0.2 },
  sources: { atMostGib: 5, share: 0.05 },
  caches: { atMostGib: 10, share: 0.1 },
  logs: { atMostGib: 10, share: 0.1 },
  events: { atMostGib: 10, share: 0.1 },
};

/** @throws DiskFull below the floor */
export function requireRoom({ folder, freeBytes, totalBytes }: Room, floorBytes: number): void {
  if (freeBytes >= floorBytes) return;
  throw new DiskFull(
    `The disk of ${folder} is nearly full: ${printBytes(freeBytes)} of ${printBytes(totalBytes)} are free, and new work needs ` +
      `${printBytes(floorBytes)}. What runs goes on.`,
  );
}

export function printBytes(bytes: number): string {
  if (bytes >= gib) return `${(bytes / gib).toFixed(1)} GiB`;
  if (bytes >= mib) return `${(bytes / mib).toFixed(1)} MiB`;
  return `${Math.ceil(bytes / 1024)} KiB`;
}
