import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { makeTempFolder } from './temp-folder.ts';

export interface RecordingProgram {
  /** The value of PATH with which it is found before the real one. */
  readonly path: string;
  /** The environments of all its calls so far, as text. */
  environments(): Promise<string>;
}

/** A program that writes down the environment of each call and then is the real one of that name, however quickly it ends. */
export async function recordingProgram(name: string): Promise<RecordingProgram> {
  const { stdout: real } = await execa('which', [name]);
  const folder = await makeTempFolder();
  const record = join(folder, 'environments.txt');
  const program = join(folder, name);
  await writeFile(record, '');
  await writeFile(program, `#!/bin/sh\nenv >>'${record}'\nexec '${real}' "$@"\n`);
  await chmod(program, 0o755);
  return {
    path: `${folder}:${process.env['PATH']}`,
    environments: () => readFile(record, 'utf8'),
  };
}
