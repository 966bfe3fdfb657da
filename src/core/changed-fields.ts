import type { Shown } from './audit-log.ts';

/** What differs with every change, and tells nothing of it. */
const noise: ReadonlySet<string> = new Set(['version', 'lastModifiedAt', 'details.build.id']);

/** What one field was, and what it is. Absent: it was not there, or is not any more. */
export interface FieldChange {
  /** A path: `status`, `applications[shop].securedConfiguration[TOKEN]`. */
  readonly field: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The fields in which a resource differs, as paths. */
export function changedFields(before: Shown, after: Shown): readonly string[] {
  return listChanges(before, after).map(({ field }) => field);
}

export function listChanges(before: Shown, after: Shown): readonly FieldChange[] {
  return differences(before, after, '').filter(({ field }) => !noise.has(field));
}

function differences(one: unknown, other: unknown, path: string): readonly FieldChange[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  const [ones, others] = [partsOf(one), partsOf(other)];
  if (ones === undefined || others === undefined) return [changeOf(path, one, other)];
  const names = new Set([...ones.keys(), ...others.keys()]);
  const found = [...names].flatMap((name) =>
    differences(
      ones.get(name),
      others.get(name),
      path === '' ? name.replace(/^\./, '') : path + name,
    ),
  );
  // Only their order differs.
  return found.length === 0 ? [changeOf(path, one, other)] : found;
}

function changeOf(field: string, one: unknown, other: unknown): FieldChange {
  const [before, after] = [shownValue(one), shownValue(other)];
  return {
    field,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

/** The path says the key of a configuration value already. */
function shownValue(part: unknown): unknown {
  return typeof part === 'object' && part !== null && isPair(part) ? part.value : part;
}

/** The parts of a record, or of a list whose items have names. Undefined for what is one value. */
function partsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (Array.isArray(value)) {
    const named = value.map((item): [string, unknown] => [`[${nameOf(item)}]`, item]);
    const isNamed = value.every((item) => nameOf(item) !== undefined);
    return isNamed ? new Map(named) : undefined;
  }
  if (typeof value !== 'object' || value === null || isPair(value)) return undefined;
  return new Map(Object.entries(value).map(([name, part]) => [`.${name}`, part]));
}

function nameOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { applicationName, key, id, name: own } = item as Shown;
  const name = applicationName ?? key ?? id ?? own;
  return typeof name === 'string' ? name : undefined;
}

/** A configuration value: it is one thing with its key. */
function isPair(value: object): value is { readonly key: unknown; readonly value: unknown } {
  return Object.keys(value).toSorted().join() === 'key,value';
}
