import type { Statement } from './messages.ts';

/** Parameters as SQLite knows them. What it would store as something else is refused. */
export function toStatement(statement: Statement): Statement {
  const { sql, parameters, affects } = statement;
  const values = parameters.map((value, position) => toValue(value, position, sql));
  return affects === undefined ? { sql, parameters: values } : { sql, parameters: values, affects };
}

function toValue(value: unknown, position: number, sql: string): unknown {
  if (value === null || value instanceof Uint8Array) return value;
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    default:
      throw new TypeError(`Parameter ${position + 1} is no SQLite value (${typeof value}): ${sql}`);
  }
}
