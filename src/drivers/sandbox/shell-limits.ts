import { execa } from 'execa';

/** How POSIX shells name limits, and how many bytes one of theirs is. Others have no option that all shells have. */
const options: Readonly<Record<string, { readonly option: string; readonly unit: number }>> = {
  nofile: { option: '-n', unit: 1 },
  fsize: { option: '-f', unit: 512 },
  core: { option: '-c', unit: 512 },
};

/**
 * What a shell is told so that it sets limits, soft and hard, before it becomes another program: one program less to start. Undefined
 * where it cannot be told all of them to the byte.
 */
export function settingsForShell(values: Readonly<Record<string, number>>): string | undefined {
  const lines = Object.entries(values).map(([name, value]) => {
    const { option, unit } = options[name] ?? { option: '', unit: Number.NaN };
    return Number.isInteger(value / unit) ? `ulimit ${option} ${value / unit}\n` : undefined;
  });
  return lines.includes(undefined) ? undefined : lines.join('');
}

const patienceMs = 20_000;
const trial = { nofile: 64, fsize: 1024, core: 0 };
const trialLimits = [
  /^Max open files +64 +64 /m,
  /^Max file size +1024 +1024 /m,
  /^Max core file size +0 +0 /m,
];

/** Whether the shell of this machine means what others mean by it. */
export async function tryShellLimits(): Promise<boolean> {
  const script = `${settingsForShell(trial)}exec cat /proc/self/limits`;
  const { stdout } = await execa('/bin/sh', ['-c', script], {
    reject: false,
    stdin: 'ignore',
    timeout: patienceMs,
  });
  return trialLimits.every((limit) => limit.test(stdout));
}
