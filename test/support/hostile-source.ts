import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { SourceFailure } from '../../src/core/failure.ts';
import { type GitSourceOptions, openGitSource } from '../../src/drivers/source/git/git-source.ts';
import { makeTempFolder } from './temp-folder.ts';

const signal = new AbortController().signal;

/** A source beside a canary: what is outside of the source's own folder must stay as it is. */
export async function prepareSource(options: Partial<GitSourceOptions> = {}) {
  const folder = await makeTempFolder();
  await mkdir(join(folder, 'outside'));
  await writeFile(join(folder, 'outside', 'canary'), 'canary');
  const directory = join(folder, 'source', 'git');
  const source = openGitSource({
    directory,
    allowLocal: true,
    environment: process.env,
    ...options,
  });
  const requireHarmless = async () => {
    expect(await readdir(folder)).toEqual(['outside', 'source']);
    expect(await readdir(join(folder, 'outside'))).toEqual(['canary']);
    expect(await readFile(join(folder, 'outside', 'canary'), 'utf8')).toBe('canary');
    const running = await execa('ps', ['-eo', 'args'], { reject: false });
    expect(running.stdout).not.toContain(directory);
    expect(await readdir(join(directory, 'incoming')).catch(() => [])).toEqual([]);
  };
  return { source, folder, directory, requireHarmless };
}

export type Refusal = Partial<GitSourceOptions> & { readonly tag?: string; readonly says: RegExp };

/** Answers the failure, and a line about it for people. */
export async function requireRefused(
  trick: string,
  url: string,
  { tag = 'v1', says, ...options }: Refusal,
): Promise<{ readonly failure: SourceFailure; readonly line: string }> {
  const { source, requireHarmless } = await prepareSource(options);
  const failure = await source.resolve({ url, tag }, signal).catch((error: unknown) => error);
  if (!(failure instanceof SourceFailure)) throw new Error(`${trick}: ${String(failure)}`);
  if (!says.test(failure.message))
    throw new Error(`${failure.message}\n${failure.output?.slice(0, 1500)}`);
  expect(failure.nextStep).toBeDefined();
  await requireHarmless();
  const words = failure.message.replace(/\s+/g, ' ').slice(0, 90);
  return { failure, line: `  refused  ${trick.padEnd(52)} ${words}` };
}
