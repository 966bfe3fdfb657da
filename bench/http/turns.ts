/** One after another, and each round begins with another, so that none always follows the same. */
export async function inTurn<const Name extends string, T>(
  names: readonly Name[],
  round: number,
  measure: (name: Name) => Promise<T>,
): Promise<Readonly<Record<Name, T>>> {
  const first = round % names.length;
  const measured = new Map<Name, T>();
  for (const name of [...names.slice(first), ...names.slice(0, first)])
    measured.set(name, await measure(name));
  return Object.fromEntries(names.map((name) => [name, measured.get(name)])) as Record<Name, T>;
}
