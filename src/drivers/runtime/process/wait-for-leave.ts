import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Job } from '../../sandbox/sandbox.ts';
import { quoteNodeOption, workLayout } from './environment.ts';
import type { LaunchSpec } from './launch-spec.ts';
import { leaveProgram } from './preload.ts';

/** What else Node, or a library in it, reads or runs at its start before a preload. NODE_ENV is only for applications. */
const readAtStart = /^(?:NODE_(?!ENV$)|OPENSSL_|SSL_)/;

/** Whether Node can be started and wait itself: it is plainly Node with a file to run, and nothing says what to load before. */
export function canWait({
  mayBegin,
  command,
  nodeExecutable,
  environment,
}: Pick<LaunchSpec, 'mayBegin' | 'command' | 'nodeExecutable' | 'environment'>): boolean {
  const [first = '-'] = command.args;
  return (
    mayBegin !== undefined &&
    command.file === nodeExecutable &&
    !first.startsWith('-') &&
    first !== 'inspect' &&
    !Object.keys(environment).some((name) => readAtStart.test(name))
  );
}

/**
 * Makes Node wait for leave at that descriptor, when all that is Berth's is loaded. Until then it is not where the application is: to find
 * its preloads it reads the `package.json` there, which may name others in their place.
 */
export function prepareToWait(
  { work, leaveAt }: { readonly work: string; readonly leaveAt: number },
  { command, directory }: Pick<LaunchSpec, 'command' | 'directory'>,
  environment: Readonly<Record<string, string>>,
): NonNullable<Job['waiting']> {
  const { leave, preloadFolder } = workLayout(work);
  writeFileSync(leave, leaveProgram({ leaveAt, directory }));
  const [file = '', ...args] = command.args;
  const options = `${environment['NODE_OPTIONS']} --require ${quoteNodeOption(leave)}`;
  return {
    program: { file: command.file, args: [resolve(directory, file), ...args] },
    directory: preloadFolder,
    environment: { ...environment, NODE_OPTIONS: options },
  };
}
