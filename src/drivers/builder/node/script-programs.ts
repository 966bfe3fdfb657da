import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { quoteForShell } from '../../../core/shell-quote.ts';
import type { Repeats } from './repeats.ts';

export interface ScriptPrograms {
  /** Where they are written. */
  readonly directory: string;
  /** The folder of the real ones. */
  readonly tools: string;
  /** All that was built, and what it was built from. */
  readonly tree: string;
  /** Where commands must be run for them to be repeats: the built application's folder. */
  readonly application: string;
  readonly repeats: Repeats;
}

/** How loud it is, how it fetches and what it looks at: nothing that decides what is there afterwards. Dev packages may stay. */
const plainFlags = [
  '--no-audit',
  '--no-fund',
  '--silent',
  '-s',
  '--quiet',
  '--no-progress',
  '--prefer-offline',
  '--legacy-peer-deps',
  '--ignore-scripts',
  '--ignore-engines',
  '--non-interactive',
  '--frozen-lockfile',
  '--immutable',
  '--include=dev',
  '--omit=dev',
  '--production',
  '--production=false',
  '--only=production',
  '--only=prod',
];

/**
 * Programs for the PATH of scripts, before the real ones: each ends at once where it is asked for what the build has done
 * and nothing in the tree has been changed since `markUnchanged`, and says so. Else it is the real one.
 */
export async function writeScriptPrograms(given: ScriptPrograms): Promise<void> {
  const { directory, repeats } = given;
  await mkdir(directory);
  if (!(await hasExactFind())) return;
  const lines = [...repeats.installs, ...repeats.builds];
  for (const tool of new Set(lines.map((line) => line.split(' ')[0] ?? line))) {
    const file = join(directory, tool);
    await writeFile(file, printProgram(tool, given));
    await chmod(file, 0o755);
  }
}

/**
 * What is newer than this was changed by the script. Its owners are no change: it comes after they are settled. The times of files go
 * in ticks of some milliseconds, and what is changed in that of the mark is not newer: it resolves in the next one.
 */
export async function markUnchanged(directory: string): Promise<void> {
  const marked = await touch(join(directory, mark));
  const probe = join(directory, '.tick');
  while ((await touch(probe)) <= marked) await wait(1);
  await rm(probe);
}

const mark = '.unchanged-since';

async function touch(file: string): Promise<bigint> {
  await writeFile(file, '.');
  return (await stat(file, { bigint: true })).mtimeNs;
}

let exactFind: Promise<boolean> | undefined;

/** Others compare whole seconds, in which most of a script happens. */
function hasExactFind(): Promise<boolean> {
  exactFind ??= execa('find', ['--version'], { stdin: 'ignore', reject: false }).then(
    ({ stdout }) => stdout.includes('GNU findutils'),
  );
  return exactFind;
}

function printProgram(tool: string, given: ScriptPrograms): string {
  const { directory, tools, tree, application, repeats } = given;
  const asked = (lines: readonly string[]) =>
    lines
      .filter((line) => line === tool || line.startsWith(`${tool} `))
      .map((line) => quoteForShell(line.slice(tool.length + 1)));
  const known = asked([...repeats.installs, ...repeats.builds]);
  return `#!/bin/sh
real=${quoteForShell(join(tools, tool))}
mark=${quoteForShell(join(directory, mark))}
[ . -ef ${quoteForShell(application)} ] || exec "$real" "$@"
words=
for word in "$@"; do
  case "$word" in
    ${plainFlags.join('|')}|--loglevel=*) ;;
    *) words="$words\${words:+ }$word" ;;
  esac
done
# To mount an overlay changes the tree's own ctime.
is_unchanged() {
  [ -e "$mark" ] || return 1
  newer=$(find ${quoteForShell(tree)} \\( -newer "$mark" -o ! -samefile ${quoteForShell(tree)} -cnewer "$mark" \\) -print -quit 2>/dev/null) || return 1
  [ -z "$newer" ]
}
case "$words" in
  ${known.join('|')})
    if is_unchanged; then
      echo "berth: ${tool}\${words:+ }$words: nothing to do, the build has done it"
      exit 0
    fi
    ;;
esac
exec "$real" "$@"
`;
}
