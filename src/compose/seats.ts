import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../core/failure.ts';
import type { DataLayout } from './data-layout.ts';
import { tryLock } from './file-lock.ts';

/**
 * What one plane has to itself while it lives: a name, and by that a lock, a run folder and its leases. Whoever takes a seat
 * knows that the one before is dead, and clears up behind it.
 */
export interface Seat extends Disposable {
  /** `control`, `control-1`, … */
  readonly name: string;
}

/** A process that was told to stop needs a moment; one that was killed needs none. */
const patienceMs = 15_000;
const retryMs = 100;

/** The first free one of so many. @throws Failure where all stay taken */
export async function takeSeat(
  layout: DataLayout,
  plane: 'control' | 'data',
  { seats, signal }: { readonly seats: number; readonly signal: AbortSignal },
): Promise<Seat> {
  const deadline = Date.now() + patienceMs;
  while (true) {
    for (const name of seatNames(plane, seats)) {
      const seat = trySeat(layout, name);
      if (seat !== undefined) return seat;
    }
    if (Date.now() > deadline) throw allTaken(layout, plane, seats);
    await wait(retryMs, undefined, { signal });
  }
}

/** Undefined while somebody has it. */
export function trySeat(layout: DataLayout, name: string): Seat | undefined {
  const lock = tryLock(layout.lock(name));
  return lock && { name, [Symbol.dispose]: () => lock[Symbol.dispose]() };
}

export function isVacant(layout: DataLayout, name: string): boolean {
  if (!existsSync(layout.lock(name))) return true;
  using seat = trySeat(layout, name);
  return seat !== undefined;
}

export function seatNames(plane: 'control' | 'data', seats: number): readonly string[] {
  return Array.from({ length: seats }, (_, at) => (at === 0 ? plane : `${plane}-${at}`));
}

function allTaken(layout: DataLayout, plane: 'control' | 'data', seats: number): Failure {
  if (seats > 1)
    return new Failure(
      `${seats} ${plane} planes of Berth use this data directory (${layout.root}), and more are not allowed.`,
      { nextStep: 'Stop one of them first.' },
    );
  return new Failure(`Another ${plane} plane of Berth uses this data directory (${layout.root}).`, {
    nextStep:
      plane === 'data'
        ? 'Stop it first, or give this one a BERTH_DATA_DIR of its own.'
        : 'Stop it first, or give this one a BERTH_DATA_DIR of its own. Several need their records in PostgreSQL (BERTH_DATABASE_URL).',
  });
}
