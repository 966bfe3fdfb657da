import { expect } from 'vitest';
import type { CliResult } from './official-cli.ts';

export function expectSuccess(result: CliResult, lines: readonly string[]): void {
  expect(result).toEqual({ exitCode: 0, stdout: lines.join('\n'), stderr: '' });
}

/** Errors are broken into lines that begin with an arrow. */
export function unwrapped(text: string): string {
  return text
    .replaceAll(/^[ \t]*›/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** A table, with one space between its columns. */
export function rowsOf({ exitCode, stdout, stderr }: CliResult): readonly string[] {
  expect(exitCode, stderr).toBe(0);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => line.replaceAll(/ +/g, ' '));
}
