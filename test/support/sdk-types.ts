import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A field and the name of its type, without the list it may stand in. */
interface SdkField {
  readonly name: string;
  readonly type: string;
}

/** The types that the official SDK declares for bodies: interfaces, and unions of them. */
export interface SdkTypes {
  readonly interfaces: ReadonlyMap<string, readonly SdkField[]>;
  readonly unions: ReadonlyMap<string, readonly string[]>;
}

export function readSdkTypes(): SdkTypes {
  const main = createRequire(import.meta.url).resolve('@commercetools-connect/sdk');
  const models = join(dirname(main), 'generated/models');
  const text = ['common', 'connector', 'deployment', 'error']
    .map((name) => readFileSync(join(models, `${name}.d.ts`), 'utf8'))
    .join('\n');
  const interfaces = new Map(
    [...text.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(
      ([, name = '', body = '']) => [name, readFields(body)] as const,
    ),
  );
  const unions = [...text.matchAll(/^export type (\w+) = ([^;]+);/gm)].map(
    ([, name = '', members = '']) => [name, members.split(' | ')] as const,
  );
  return {
    interfaces,
    unions: new Map(unions.filter(([, its]) => its.every((member) => interfaces.has(member)))),
  };
}

/** The first level of indentation only. */
function readFields(body: string): readonly SdkField[] {
  return [...body.matchAll(/^ {4}readonly (\w+)\??: (.*)$/gm)].map(([, name = '', type = '']) => ({
    name,
    type: type.replace(/;$/, '').replace(/\[\]$/, ''),
  }));
}

/**
 * Paths of the fields of a type, as a table would name them: a type that has no table stands with its fields where it is
 * used, and is noted as used.
 */
export function sdkFieldsOf(
  { interfaces, unions }: SdkTypes,
  type: string,
  hasTable: (type: string) => boolean,
  used: Set<string>,
): readonly string[] {
  used.add(type);
  const below = (inner: string) => sdkFieldsOf({ interfaces, unions }, inner, hasTable, used);
  const members = unions.get(type);
  if (members !== undefined) {
    return [
      ...new Set(members.flatMap((member) => variantOf(below(member), interfaces.get(member)))),
    ];
  }
  return (interfaces.get(type) ?? []).flatMap(({ name, type: its }) => {
    const isPlain = !interfaces.has(its) && !unions.has(its);
    return isPlain || hasTable(its) || unions.get(its)?.every(hasTable) === true
      ? [name]
      : below(its).map((field) => `${name}.${field}`);
  });
}

/** Update actions share their list: `setName.name`. */
function variantOf(
  fields: readonly string[],
  declared: readonly SdkField[] = [],
): readonly string[] {
  const literal = declared.find(({ name }) => name === 'action')?.type;
  if (literal === undefined) return fields;
  const action = literal.replaceAll('"', '');
  const others = fields.filter((field) => field !== 'action');
  return others.length === 0 ? [action] : others.map((field) => `${action}.${field}`);
}
