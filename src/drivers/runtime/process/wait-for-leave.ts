import { realpathSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Job } from '../../sandbox/sandbox.ts';
import { quoteNodeOption, workLayout } from './environment.ts';
import type { LaunchSpec } from './launch-spec.ts';
import { leaveProgram } from './preload.ts';

/** What else Node, or a library in it, reads or runs at its start before a preload. NODE_ENV is only for applications. */
const readAtStart = /^(?:NODE_(?!ENV$)|OPENSSL_|SSL_|ICU_)/;
/** First words that are no file. */
const noFile = new Set(['', 'inspect']);

type Start = Pick<
  LaunchSpec,
  'mayBegin' | 'command' | 'nodeExecutable' | 'environment' | 'directory' | 'root'
>;

/** Whether Node can be started and wait itself: it is plainly Node with a file to run, and nothing says what to load before. */
export function canWait(spec: Start): boolean {
  const { mayBegin, command, nodeExecutable, environment } = spec;
  const [first = ''] = command.args;
  return (
    mayBegin !== undefined &&
    command.file === nodeExecutable &&
    !first.startsWith('-') &&
    !noFile.has(first) &&
    !Object.keys(environment).some((name) => readAtStart.test(name)) &&
    isWhereItSays(spec)
  );
}

/** Not through a link: the kernel would tell Node another folder, from which the file would be another one. */
function isWhereItSays({ directory, root = directory }: Start): boolean {
  try {
    return realpathSync(directory) === join(realpathSync(root), relative(root, directory));
  } catch {
    return false;
  }
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
  const option = `--require ${quoteNodeOption(leave)}`;
  writeFileSync(leave, leaveProgram({ leaveAt, directory, option }));
  const [file = '', ...args] = command.args;
  return {
    program: { file: command.file, args: [resolve(directory, file), ...args] },
    directory: preloadFolder,
    environment: { ...environment, NODE_OPTIONS: `${environment['NODE_OPTIONS']} ${option}` },
  };
}
