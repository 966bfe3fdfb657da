import { styleText } from 'node:util';
import { elapsedMs, noteBeginnings, type Result, type Show, type Step, type Task } from './show.ts';

export interface Look {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
}

const asItIs = (text: string): string => text;
export const plainLook: Look = {
  bold: asItIs,
  dim: asItIs,
  good: asItIs,
  bad: asItIs,
  warn: asItIs,
};

const paint =
  (...format: Parameters<typeof styleText>[0] & readonly string[]) =>
  (text: string): string =>
    styleText(format, text, { validateStream: false });
export const colourLook: Look = {
  bold: paint('bold'),
  dim: paint('dim'),
  good: paint('green'),
  bad: paint('red'),
  warn: paint('yellow'),
};

/** Lines for people. `underWay` differs: a pipe gets a line for each beginning, a terminal one that moves. */
export function showText(
  look: Look,
  write: (text: string) => void,
  underWay: Show['underWay'] = lineForEach(look, write),
): Show {
  return {
    underWay,
    step: (step) => write(stepLine(look, step)),
    ready: (result) => write(readyText(look, result)),
    failed: ({ message, nextStep }) =>
      write(`\n${look.bad('✗')} ${message}\n${nextStep === undefined ? '' : `  ${nextStep}\n`}`),
    stopping: () => underWay([{ title: 'Stopping' }]),
    stopped: (where) => write(`\nStopped. What it made is kept in ${where}.\n`),
  };
}

function lineForEach(look: Look, write: (text: string) => void): Show['underWay'] {
  const beginnings = noteBeginnings();
  return (tasks) => {
    for (const task of beginnings(tasks))
      write(`${time(look, elapsedMs())}  … ${subject(look, task)}${task.title}\n`);
  };
}

function stepLine(look: Look, step: Step): string {
  const mark = {
    Information: look.good('✓'),
    Warning: look.warn('!'),
    Error: look.bad('✗'),
  }[step.type ?? 'Information'];
  const message = step.message === undefined ? '' : look.dim(`. ${indent(step.message)}`);
  return `${time(look, elapsedMs(step.at))}  ${mark} ${subject(look, step)}${step.title}${message}\n`;
}

function subject(look: Look, { application }: Task): string {
  return application === undefined ? '' : `${look.bold(application)}: `;
}

function time(look: Look, ms: number): string {
  return look.dim(`${(ms / 1000).toFixed(1).padStart(6)} s`);
}

/** The further lines of a tool's output, below the first. */
function indent(text: string): string {
  return text.replaceAll('\n', `\n${' '.repeat(12)}`);
}

function readyText(look: Look, { elapsedMs, urls, log, commands, ending }: Result): string {
  const width = Math.max(...Object.keys(urls).map((name) => name.length));
  return [
    '',
    look.bold(`Ready after ${(elapsedMs / 1000).toFixed(1)} s.`),
    '',
    ...Object.entries(urls).map(([name, url]) => `  ${name.padEnd(width)}  ${look.good(url)}`),
    `  ${'log'.padEnd(width)}  ${log}`,
    '',
    'Try next:',
    ...commands.flatMap(({ what, command }) => ['', `  ${what}:`, look.bold(command)]),
    '',
    ...(ending === undefined ? [] : [ending, '']),
  ].join('\n');
}
