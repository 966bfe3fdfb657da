import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A field and the name of its type, without the list it may stand in. */
interface SdkField {
  readonly name: string;
  readonly type: string;
}

/** The types that the official SDK declares for bodies and queries: interfaces, and unions of them. */
export interface SdkTypes {
  /** A query is one, too, named by its method and path: `GET /connectors/search`. */
  readonly interfaces: ReadonlyMap<string, readonly SdkField[]>;
  readonly unions: ReadonlyMap<string, readonly string[]>;
}

export function readSdkTypes(): SdkTypes {
  const main = createRequire(import.meta.url).resolve('@commercetools-connect/sdk');
  const generated = join(dirname(main), 'generated');
  const text = ['common', 'connector', 'deployment', 'error']
    .map((name) => readFileSync(join(generated, 'models', `${name}.d.ts`), 'utf8'))
    .join('\n');
  const interfaces = new Map(
    [...text.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(
      ([, name = '', body = '']) => [name, readFields(body)] as const,
    ),
  );
  const unions = [...text.matchAll(/^export type (\w+) = ([^;]+);/gm)].map(
    ([, name = '', members = '']) => [name, members.split(' | ')] as const,
  );
  for (const path of globSync(join(generated, 'client/**/*.d.ts'))) {
    const query = readQuery(path);
    if (query !== undefined) interfaces.set(...query);
  }
  return {
    interfaces,
    unions: new Map(unions.filter(([, its]) => its.every((member) => interfaces.has(member)))),
  };
}

/** Of the one method that has a query. Its path is in the code, not in the types. By key there is the same as by id. */
function readQuery(path: string): readonly [string, readonly SdkField[]] | undefined {
  const [, body] = /queryArgs\?: \{\n([\s\S]*?)\n {8}\}/.exec(readFileSync(path, 'utf8')) ?? [];
  if (body === undefined) return undefined;
  const code = readFileSync(path.replace(/\.d\.ts$/, '.js'), 'utf8');
  const [, template = ''] = /method: 'GET',\s+uriTemplate: '([^']+)'/.exec(code) ?? [];
  const names = [...body.matchAll(/^ +'([\w.]+)'\?: /gm)].map(([, name = '']) => name);
  return [
    `GET ${template.replace(/\{ID\}|key=\{\w+\}/, '{id}')}`,
    names.map((name) => ({ name, type: 'query' })),
  ];
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
