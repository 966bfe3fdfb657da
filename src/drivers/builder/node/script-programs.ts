import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteForShell } from '../../../core/shell-quote.ts';
import type { Repeats } from './repeats.ts';

export interface ScriptPrograms {
  /** Where they are written. */
  readonly directory: string;
  /** The folder of the real ones. */
  readonly tools: string;
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
 * and nothing has been changed since, and says so. With any other word they are the real ones.
 */
export async function writeScriptPrograms(given: ScriptPrograms): Promise<void> {
  const { directory, repeats } = given;
  const lines = [...repeats.installs, ...repeats.builds];
  const tools = new Set(lines.map((line) => line.split(' ')[0] ?? line));
  await mkdir(directory);
  for (const tool of tools) {
    const file = join(directory, tool);
    await writeFile(file, printProgram(tool, given));
    await chmod(file, 0o755);
  }
  // Last: what is newer than this was changed by the script.
  await writeFile(join(directory, mark), '');
}

const mark = '.unchanged-since';

function printProgram(tool: string, given: ScriptPrograms): string {
  const { directory, tools, application, repeats } = given;
  const asked = (lines: readonly string[]) =>
    lines
      .filter((line) => line === tool || line.startsWith(`${tool} `))
      .map((line) => quoteForShell(line.slice(tool.length + 1)));
  const [installs, builds] = [asked(repeats.installs), asked(repeats.builds)];
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
is_changed() {
  [ -e "$mark" ] || return 0
  [ -n "$(find "$@" -newer "$mark" -print 2>/dev/null | head -n 1)" ]
}
done_before() {
  echo "berth: ${tool}\${words:+ }$words: nothing to do, the build has done it"
  exit 0
}
case "$words" in
  ${installs.join('|') || "'no install'"})
    is_changed . node_modules -maxdepth 1 || done_before
    rm -f "$mark"
    ;;
  ${builds.join('|') || "'no build'"})
    is_changed . -name node_modules -prune -o || done_before
    ;;
esac
exec "$real" "$@"
`;
}
