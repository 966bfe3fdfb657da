import { quoteForShell } from '../../core/shell-quote.ts';

/**
 * Variables that make the loader, the C library or a shell run or read what they name. The programs that build the sandbox
 * run outside of it and must not be given them by a connector: the C library's own list for programs that run for somebody
 * else (glibc, `unsecvars.h`), what `mount` reads, and what shells read at their start.
 */
const dangerous =
  /^(?:LD_.*|GLIBC_.*|GCONV_PATH|GETCONF_DIR|HOSTALIASES|LIBMOUNT_.*|LOCALDOMAIN|LOCPATH|MALLOC_.*|NIS_PATH|NLSPATH|RESOLV_HOST_CONF|RES_OPTIONS|TZDIR|ENV|BASH_ENV|BASHOPTS|SHELLOPTS|PS4|IFS)$/;
/** Functions for bash. No shell can set a variable of such a name. */
const functions = /^BASH_FUNC_/;

export interface GuardedEnvironment {
  readonly environment: Readonly<Record<string, string>>;
  /** A program for `sh` that sets the rest. Undefined where there is none. */
  readonly rest?: string;
}

/** Parts what is safe to give to the programs that build the sandbox from what has to be set inside. */
export function guardEnvironment(given: Readonly<Record<string, string>>): GuardedEnvironment {
  const entries = Object.entries(given).filter(([name]) => !functions.test(name));
  const rest = entries.filter(([name]) => dangerous.test(name) && /^\w+$/.test(name));
  const environment = Object.fromEntries(entries.filter(([name]) => !dangerous.test(name)));
  if (rest.length === 0) return { environment };
  const lines = rest.map(([name, value]) => `export ${name}=${quoteForShell(value)}\n`);
  return { environment, rest: lines.join('') };
}

/** Runs its arguments with the variables that come in at descriptor 3. */
export const setRest = ['/bin/sh', '-c', 'eval "$(cat <&3)"; exec 3<&-; exec "$@"', 'sh'] as const;

/** A POSIX shell passes on no variable with another name. */
const shellName = /^[A-Za-z_]\w*$/;

export function survivesShell(environment: Readonly<Record<string, string>>): boolean {
  return Object.keys(environment).every((name) => shellName.test(name));
}

/** Parts what a shell passes on from what bubblewrap has to set behind it: arguments for its `--args`, absent where there are none. */
export function partForShell(given: Readonly<Record<string, string>>): {
  readonly environment: Readonly<Record<string, string>>;
  readonly behind?: string;
} {
  const entries = Object.entries(given);
  const environment = Object.fromEntries(entries.filter(([name]) => shellName.test(name)));
  const odd = entries.filter(([name]) => !shellName.test(name));
  if (odd.length === 0) return { environment };
  return { environment, behind: settings(odd) };
}

const markVariable = 'BERTH_JOB';

/** A command for a shell that becomes a job: whatever it is on the way to that, it can be found by the job's mark. */
export function nameJob(mark: string | undefined): string {
  return mark === undefined ? '' : `export ${markVariable}=${quoteForShell(mark)}\n`;
}

/** What some shells set themselves and pass on, and what is meant for those that wait only. */
const ofTheWay = ['PWD', 'OLDPWD', 'SHLVL', '_', markVariable];

/** The whole environment, for bubblewrap's `--args`. */
export function variablesFor(environment: Readonly<Record<string, string>>): string {
  const unset = ofTheWay.map((name) => ['--unsetenv', name, ''].join('\0')).join('');
  return unset + settings(Object.entries(environment));
}

function settings(entries: readonly (readonly [string, string])[]): string {
  return entries.map((pair) => ['--setenv', ...pair, ''].join('\0')).join('');
}
