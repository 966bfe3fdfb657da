import type { Shown } from './audit-log.ts';

/** What differs with every change, and tells nothing of it. */
const noise: ReadonlySet<string> = new Set(['version', 'lastModifiedAt', 'details.build.id']);

/** The fields in which a resource differs, as paths: `status`, `applications[shop].securedConfiguration[TOKEN]`. */
export function changedFields(before: Shown, after: Shown): readonly string[] {
  return differences(before, after, '').filter((path) => !noise.has(path));
}

function differences(one: unknown, other: unknown, path: string): readonly string[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  const [ones, others] = [partsOf(one), partsOf(other)];
  if (ones === undefined || others === undefined) return [path];
  const names = new Set([...ones.keys(), ...others.keys()]);
  const found = [...names].flatMap((name) =>
    differences(
      ones.get(name),
      others.get(name),
      path === '' ? name.replace(/^\./, '') : path + name,
    ),
  );
  // Only their order differs.
  return found.length === 0 ? [path] : found;
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
  const { applicationName, key, id } = item as Shown;
  const name = applicationName ?? key ?? id;
  return typeof name === 'string' ? name : undefined;
}

/** A configuration value: it is one thing with its key. */
function isPair(value: object): boolean {
  return Object.keys(value).toSorted().join() === 'key,value';
}
