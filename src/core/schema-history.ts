import { Failure } from './failure.ts';

/** One of the changes that have made a store's schema what it is; they have the numbers from 1 on. */
export interface SchemaChange {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

/**
 * What is at `given` can be brought to `known`.
 * @param of what a person would call the store
 * @throws Failure where a newer version has made `given`, or another program
 */
export function requireKnownSchema(
  of: string,
  known: readonly SchemaChange[],
  given: readonly SchemaChange[],
): void {
  const newest = given.at(-1);
  if (newest !== undefined && given.length > known.length) {
    throw new Failure(
      `The backup of ${of} was made by a newer version of Berth: it has schema ${newest.number} ("${newest.name}"), this version knows ${known.length}.`,
      { nextStep: 'Restore it with the version that made it, or a newer one.' },
    );
  }
  if (newest === undefined || !beginsWith(known, given)) {
    throw new Failure(`The backup of ${of} has a schema that no version of Berth had.`, {
      nextStep: 'Take a backup that `berth backup` has made.',
    });
  }
}

/** Whether `given` is what `history` was once. */
export function beginsWith(
  history: readonly SchemaChange[],
  given: readonly SchemaChange[],
): boolean {
  return given.every(({ checksum }, at) => checksum === history[at]?.checksum);
}
