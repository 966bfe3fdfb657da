import { join } from 'node:path';
import { quoteForShell } from '../../../core/shell-quote.ts';

export const systemPath = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];

export const socketFile = '8080';
export const portsFile = 'ports';

/** Where things lie in the work folder of one process tree. */
export function workLayout(work: string) {
  return {
    home: join(work, 'home'),
    temporary: join(work, 'tmp'),
    shimFolder: join(work, 'bin'),
    shim: join(work, 'bin', 'node'),
    preloadFolder: join(work, 'preload'),
    preload: join(work, 'preload', 'main.cjs'),
    leave: join(work, 'preload', 'leave.cjs'),
    ports: join(work, 'preload', portsFile),
    /** Where it has a network of its own: what Berth sees, too. */
    common: join(work, 'net'),
    socket: join(work, 'net', socketFile),
    portsBesideSocket: join(work, 'net', portsFile),
    /** Leads Berth there. */
    commonLink: join(work, 'common'),
    portsInCommon: join(work, 'common', portsFile),
  };
}

/** What Berth itself has to say to Node: its preload, and a heap that leaves room for buffers and code. */
export function nodeOptions(preload: string, memoryMb: number | undefined): string {
  const require = `--require ${quoteNodeOption(preload)}`;
  if (memoryMb === undefined) return require;
  return `${require} --max-old-space-size=${Math.max(64, Math.floor(memoryMb * 0.75))}`;
}

/**
 * The whole environment of a process tree: what was asked for, byte by byte, and the few variables that only the runtime
 * can know. An application's own NODE_OPTIONS come after Berth's, where Node lets them win.
 */
export function processEnvironment(parts: {
  readonly work: string;
  readonly path: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly nodeOptions: string;
}): Record<string, string> {
  const layout = workLayout(parts.work);
  const own = parts.environment['NODE_OPTIONS'] ?? '';
  return {
    ...parts.environment,
    PATH: [layout.shimFolder, ...parts.path, ...systemPath].join(':'),
    HOME: layout.home,
    TMPDIR: layout.temporary,
    NODE_OPTIONS: own === '' ? parts.nodeOptions : `${parts.nodeOptions} ${own}`,
  };
}

/** The name of a variable no process can be given, or undefined. Its value may be a secret and is never told. */
export function unusableVariable(
  environment: Readonly<Record<string, string>>,
): string | undefined {
  return Object.keys(environment).find(
    (key) => key === '' || /[=\0]/.test(key) || environment[key]?.includes('\0'),
  );
}

/**
 * A `node` that comes first on PATH. It brings Berth's options back for command lines that set NODE_OPTIONS anew.
 */
export function nodeShim(executable: string, options: string): string {
  const ours = quoteForShell(options);
  return `#!/bin/sh
case "$NODE_OPTIONS" in
  *${ours}*) ;;
  *) NODE_OPTIONS=${ours}"\${NODE_OPTIONS:+ $NODE_OPTIONS}"; export NODE_OPTIONS ;;
esac
exec ${quoteForShell(executable)} "$@"
`;
}

/** NODE_OPTIONS has a quoting of its own. */
export function quoteNodeOption(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
