import type { CliResult } from './official-cli.ts';

type Run = (args: readonly string[]) => Promise<CliResult>;

/** Not listed by any help, but used by others: `preview` is these two. */
const hidden = ['connect connectorstaged deploy', 'connect connectorstaged validate'];

/** Every command below the topics with its arguments and flags, as the CLI's own help names them, one in a line. */
export async function readCommands(run: Run, topics: readonly string[]): Promise<string> {
  const commands = [...hidden];
  const waiting = [...topics];
  for (let topic = waiting.pop(); topic !== undefined; topic = waiting.pop()) {
    const help = await helpOf(run, topic);
    waiting.push(...namesIn(help, 'TOPICS'));
    commands.push(...namesIn(help, 'COMMANDS'));
  }
  const lines: string[] = [];
  for (const command of commands.toSorted()) {
    const help = await helpOf(run, command);
    lines.push([command, ...namesIn(help, 'ARGUMENTS'), ...flagsIn(help)].join(' '));
  }
  return `${lines.join('\n')}\n`;
}

async function helpOf(run: Run, name: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run([...name.split(' '), '--help']);
  if (exitCode !== 0) throw new Error(`No help for "${name}": ${stderr}`);
  return stdout;
}

/** The first column of a section; what is further to the right is the rest of a description. */
function namesIn(help: string, section: string): readonly string[] {
  return linesOf(help, section).flatMap((line) => /^ {2}(\S+(?: \S+)*)/.exec(line)?.[1] ?? []);
}

function flagsIn(help: string): readonly string[] {
  return linesOf(help, 'FLAGS').flatMap(
    (line) => /^ {2,6}(?:-\w, )?(--[\w-]+)/.exec(line)?.[1] ?? [],
  );
}

function linesOf(help: string, section: string): readonly string[] {
  const lines = help.split('\n');
  const start = lines.indexOf(section);
  if (start === -1) return [];
  const length = lines.slice(start).indexOf('');
  return lines.slice(start + 1, length === -1 ? undefined : start + length);
}
