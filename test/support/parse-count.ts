import { InvalidArgumentError } from 'commander';

/** For an option of a command. */
export function countFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < least || count > most)
      throw new InvalidArgumentError(`Must be a whole number from ${least} to ${most}.`);
    return count;
  };
}
