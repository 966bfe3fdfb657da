import { readFileSync } from 'node:fs';

/** One table of docs/api-fields.md: the fields of one type or query, or of several that are alike. */
export interface FieldTable {
  /** Of the API's description: names of types, or `GET /path` where it is about a query. */
  readonly types: readonly string[];
  /** Of the official SDK, under other names. */
  readonly sdk: readonly string[];
  readonly rows: readonly FieldRow[];
}

export interface FieldRow {
  readonly field: string;
  readonly state: string;
  readonly notes: string;
}

/** A table stands below the line that says what it is of: "Types: `A`, `B`. In the SDK: `C`.", "Query of: `GET /path`." */
export function readFieldTables(): readonly FieldTable[] {
  const text = readFileSync(new URL('../../docs/api-fields.md', import.meta.url), 'utf8');
  const parts = text.split(/^(?=Types: |In the SDK: |Query of: )/m).slice(1);
  return parts.map((part) => {
    const [head = ''] = part.split('\n');
    const [types = '', sdk = ''] = head.split('In the SDK: ');
    return { types: namesIn(types), sdk: namesIn(sdk), rows: part.split('\n').flatMap(readRow) };
  });
}

/** Fields that share a row have the same to say. */
function readRow(line: string): readonly FieldRow[] {
  const [before, first = '', state = '', notes = ''] = line.split('|').map((cell) => cell.trim());
  return before === '' ? namesIn(first).map((field) => ({ field, state, notes })) : [];
}

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}
