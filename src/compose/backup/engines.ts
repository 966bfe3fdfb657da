import { Failure } from '../../core/failure.ts';
import type { SchemaChange } from '../../core/schema-history.ts';
import type { SnapshotStore } from '../../ports/snapshot.ts';

export type Engine = 'sqlite' | 'postgres';
export type Engines = Readonly<Record<Engine, SnapshotStore>>;

/** Numbers of schemas that have the same tables with the same columns. What only says whose the records are is no table of theirs. */
export const counterparts: readonly Readonly<Record<Engine, number>>[] = [
  { sqlite: 9, postgres: 1 },
  { sqlite: 10, postgres: 2 },
  { sqlite: 10, postgres: 3 },
  { sqlite: 11, postgres: 4 },
  { sqlite: 12, postgres: 5 },
  { sqlite: 13, postgres: 6 },
  { sqlite: 14, postgres: 7 },
];

/** The records of one engine, which take those of the other as well. */
export function takingOtherEngine(engines: Engines, engine: Engine): SnapshotStore {
  const own = engines[engine];
  const other = engines[engine === 'sqlite' ? 'postgres' : 'sqlite'];
  const toOwn = (schema: readonly SchemaChange[]): readonly SchemaChange[] => {
    if (schema[0]?.checksum !== other.schema[0]?.checksum) return schema;
    other.checkSchema(schema);
    return translate(engines, engine, schema);
  };
  return {
    ...own,
    checkSchema: (schema) => own.checkSchema(toOwn(schema)),
    async create(schema) {
      const target = await own.create(toOwn(schema));
      return {
        ...target,
        openTable: (name, columns) =>
          target.openTable(name === other.sequenceTable ? own.sequenceTable : name, columns),
      };
    },
  };
}

/** @throws Failure where the other engine has never had it */
function translate(
  engines: Engines,
  to: Engine,
  schema: readonly SchemaChange[],
): readonly SchemaChange[] {
  const from = to === 'sqlite' ? 'postgres' : 'sqlite';
  const pair = counterparts.findLast((one) => one[from] === schema.length);
  if (pair !== undefined) return engines[to].schema.slice(0, pair[to]);
  throw new Failure(
    `The records in this backup are of another engine (${titles[from]}) and of a schema (${schema.length}) that ${titles[to]} never had.`,
    {
      nextStep: `Restore it with ${titles[from]}, start this version of Berth there once, and back it up again.`,
    },
  );
}

const titles: Readonly<Record<Engine, string>> = { sqlite: 'SQLite', postgres: 'PostgreSQL' };
