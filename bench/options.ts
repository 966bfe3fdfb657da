import { InvalidArgumentError } from 'commander';

/** What reaches the registry, without settings of a Berth that may be running here. */
export function operatorEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('BERTH_') ? [] : [[name, value]],
    ),
  );
}

export function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!/^\d+$/.test(text) || rounds < 1 || rounds > 1000)
    throw new InvalidArgumentError('Must be a whole number from 1 to 1000.');
  return rounds;
}
