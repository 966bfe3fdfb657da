import { constants } from 'node:os';

/** Who waits for a program tells its signal as shells do: 128 and the number. */
export function signalOfExitCode(code: number): string | undefined {
  const [name] = Object.entries(constants.signals).find(([, value]) => value === code - 128) ?? [];
  return name;
}
