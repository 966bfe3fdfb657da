import { describe, expect, test } from 'vitest';
import { readApiFields, readNamelessBodies } from './support/api-fields.ts';
import { readFieldTables } from './support/field-tables.ts';
import { readSdkTypes, sdkFieldsOf } from './support/sdk-types.ts';

const inCode = readApiFields();
const sdk = readSdkTypes();
const used = new Set<string>();
const documented = readFieldTables();
const tables = documented.map(({ types, sdk: others, rows }) => ({
  rows,
  types,
  /** As they stand in the SDK, under whatever name the type has there. */
  sdkFields: new Set([...types, ...others].flatMap(sdkFields)),
  at: [...types, ...others].join(', '),
}));
const rows = tables.flatMap((table) =>
  table.rows.map((row) => ({
    ...row,
    isInSdk: table.sdkFields.has(row.field),
    at: `${table.at}: ${row.field}`,
  })),
);

describe('docs/api-fields.md', () => {
  test('is read as it is meant', () => {
    expect(tables.length).toBeGreaterThan(40);
    expect(rows.length).toBeGreaterThan(200);
    expect(inCode.size).toBeGreaterThan(40);
    expect(sdk.interfaces.size).toBeGreaterThan(80);
    expect([...sdk.interfaces.keys()].filter((type) => type.startsWith('GET '))).toHaveLength(4);
  });

  test('has one table for every type and every query of the API', () => {
    const named = tables.flatMap(({ types }) => types);

    expect(named.toSorted()).toEqual([...inCode.keys()].toSorted());
  });

  test.for([...inCode.keys()])('has the fields of %s, and no other', (type) => {
    const table = tables.find(({ types }) => types.includes(type));
    const there = (table?.rows ?? []).filter(({ state }) => state !== 'absent');

    expect(there.map(({ field }) => field).toSorted()).toEqual(inCode.get(type));
  });

  test('misses no body, because each has a type with a name', () => {
    expect(readNamelessBodies()).toEqual([]);
  });

  test('knows four states, and gives a reason where something differs or is absent', () => {
    const states = new Set(['same', 'differs', 'absent', "Berth's own"]);
    const reasonless = rows.filter(
      ({ state, notes }) => (state === 'differs' || state === 'absent') && notes === '',
    );

    expect(rows.filter(({ state }) => !states.has(state)).map(({ at }) => at)).toEqual([]);
    expect(reasonless.map(({ at }) => at)).toEqual([]);
  });
});

describe('the official SDK', () => {
  test.for(tables.map(({ at }, index) => [at, index] as const))(
    'has no field of %s without a row',
    ([, index]) => {
      const { sdkFields: its, rows: told } = tables[index] as (typeof tables)[number];
      const names = new Set(told.map(({ field }) => field));

      expect([...its].filter((field) => !names.has(field))).toEqual([]);
    },
  );

  test('has no type that no table tells of', () => {
    const untold = [...sdk.interfaces.keys()].filter((type) => !used.has(type));

    expect(untold).toEqual([]);
  });

  test('has every type that a table says it has', () => {
    const unknown = documented
      .flatMap(({ sdk: others }) => others)
      .filter((type) => !sdk.interfaces.has(type));

    expect(unknown).toEqual([]);
  });

  test('has what is the same, or the row says where else it is from', () => {
    const sourceless = rows.filter(
      ({ state, notes, isInSdk }) => state === 'same' && notes === '' && !isInSdk,
    );

    expect(sourceless.map(({ at }) => at)).toEqual([]);
  });

  test("has nothing that is Berth's own", () => {
    const known = rows.filter(({ state, isInSdk }) => state === "Berth's own" && isInSdk);

    expect(known.map(({ at }) => at)).toEqual([]);
  });
});

function sdkFields(type: string): readonly string[] {
  const hasTable = (name: string) =>
    documented.some(({ types, sdk: others }) => types.includes(name) || others.includes(name));
  return sdkFieldsOf(sdk, type, hasTable, used);
}
