import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { Readable, Stream } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { leaveFile } from './leave.ts';
import { type AddressRange, describeRange, networkRules, type Reach } from './network-rules.ts';
import { isAlive } from './process-mark.ts';
import type { Spawned } from './sandbox.ts';

/** The programs that give a job a network of its own. */
export interface PrivateNetwork {
  readonly unshare: string;
  readonly slirp: string;
  readonly ip: string;
  readonly mount: string;
  readonly range: AddressRange;
  /** Of the sandbox: names whose slirp4netns it is. */
  readonly directory: string;
  /** An empty folder: in its place a job may have a folder in common with Berth. */
  readonly common: string;
  readonly reach: Reach;
  /** An ordinary user may make one only in a user namespace of its own. */
  readonly userNamespace: boolean;
}

/**
 * Descriptors of a job: at `rest` come variables that only its program gets; at `alive` the sandbox keeps the other end of what
 * slirp4netns watches, whatever becomes of Berth; at `ready` it waits for the way out; `variables` are those that the shell on the
 * way would lose. In a network that was there before, it waits at `go` for its program to be let begin.
 */
export const networkDescriptors = { rest: 3, alive: 4, ready: 5, variables: 6, go: 7 } as const;

/**
 * IPv6 leads nowhere: it is off but on loopback. What comes back from an allowed port bears a loopback address, which the
 * kernel takes from outside only where told so. Nobody inside is given an allowed port as a free one: it leads out.
 * The way out is made while the rules are: what is to be inside comes after both. It sets no variable: one that the job has, too, would
 * reach the job with its value.
 */
const mountCommon = `
set -e
[ -z "$5" ] || "$4" -t tmpfs -o size=64k,nr_inodes=64,mode=0777 tmpfs "$5"
`;
/** Whoever waits for leave holds both ends. */
const openLeavePipe = `
mkfifo -m 600 "$5/${leaveFile}"
exec ${networkDescriptors.go}<>"$5/${leaveFile}"
`;
const setUpNetwork = `
[ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter
echo 1 >/proc/sys/net/ipv4/conf/default/route_localnet
echo 1 >/proc/sys/net/ipv4/conf/default/accept_local
echo "$3" >/proc/sys/net/ipv4/ip_local_reserved_ports
echo up >&${networkDescriptors.alive}
printf '%s' "$2" | "$1" -batch -
`;
const becomeRest = 'shift 5; exec "$@"';

/**
 * Makes a network in which nothing listens and which has no way out yet, and a common folder where one is wanted; then becomes
 * the program that follows.
 */
export function enterNetwork(
  network: PrivateNetwork,
  { hasCommonFolder }: { readonly hasCommonFolder: boolean },
): readonly string[] {
  const parameters = setUpParameters(network, rulesOf(network), hasCommonFolder);
  const shell = ['/bin/sh', '-c', mountCommon + setUpNetwork + becomeRest, 'sh'];
  return [...inNewNetwork(network, hasCommonFolder), ...shell, ...parameters];
}

/** The same with a common folder, and then it waits for what it is told at its stdin, where it is told all of it. */
export function waitInNetwork(
  network: PrivateNetwork,
  rules: string,
): { readonly command: readonly string[]; readonly stdin: string } {
  const parameters = setUpParameters(network, rules, true);
  return {
    command: [...inNewNetwork(network, true), '/bin/sh', '-s', ...parameters],
    stdin: mountCommon + openLeavePipe + setUpNetwork,
  };
}

/** As things are now: the machine's addresses come and go. */
export function rulesOf({ range, reach }: PrivateNetwork): string {
  return networkRules(range, networkInterfaces(), reach);
}

function inNewNetwork(
  { unshare, userNamespace }: PrivateNetwork,
  hasCommonFolder: boolean,
): readonly string[] {
  return [
    unshare,
    ...(userNamespace ? ['--user', '--map-root-user'] : []),
    // What is mounted later below the data directory is seen, too, and what is unmounted is let go.
    ...(hasCommonFolder ? ['--mount', '--propagation', 'slave'] : []),
    '--net',
    '--',
  ];
}

function setUpParameters(
  { ip, reach, mount, common }: PrivateNetwork,
  rules: string,
  hasCommonFolder: boolean,
): readonly string[] {
  const ports = reach.hostPorts.map(describeRange).join(',');
  return [ip, rules, ports, mount, hasCommonFolder ? common : ''];
}

export interface WayOut extends AsyncDisposable {
  /** False where the job ended before it had a network; its exit code and stderr tell why. */
  readonly isUp: Promise<boolean>;
  /** Whether something leads out now, noticed or not. */
  isOpen(): boolean;
  /** Resolves with words for people where it ended before its job; else never. */
  readonly failed: Promise<string>;
}

const patienceMs = 2_000;
/** It takes some hundredths of a second. */
const setUpMs = 20_000;

/**
 * Leads out of the network of a job, through a process outside of it: slirp4netns ends as soon as nobody holds the job's
 * `alive` any more.
 */
export function openWayOut(network: PrivateNetwork, job: Spawned): WayOut {
  const { promise: failed, resolve: fail } = Promise.withResolvers<string>();
  const alive = job.stdio[networkDescriptors.alive] as Readable;
  const ready = job.stdio[networkDescriptors.ready] as Readable;
  let slirp: ChildProcess | undefined;
  const isUp = awaitUp(alive, () => fail('it was not made in time'));
  const opened = isUp.then((up) => {
    if (up) {
      slirp = startSlirp(network, job.pid, [alive, ready]);
      slirp.once('error', (error) => fail(`slirp4netns could not be started (${error.message})`));
      const words = firstWords(slirp);
      slirp.once('close', (code, signal) => {
        if (code !== 0) fail(`slirp4netns ended with ${signal ?? `exit code ${code}`}${words()}`);
      });
    }
    for (const stream of [alive, ready]) stream.destroy();
  });
  return {
    isUp,
    isOpen: () => slirp?.pid !== undefined && isAlive(slirp.pid),
    failed,
    async [Symbol.asyncDispose]() {
      await opened;
      if (slirp === undefined || slirp.exitCode !== null || slirp.signalCode !== null) return;
      const timer = new AbortController();
      const exit = once(slirp, 'exit').catch(() => undefined);
      const late = pause(patienceMs, undefined, { signal: timer.signal }).catch(() => undefined);
      await Promise.race([exit, late]);
      timer.abort();
      slirp.kill('SIGKILL');
    },
  };
}

async function awaitUp(alive: Readable, late: () => void): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  alive.once('data', () => resolve(true));
  const timer = setTimeout(() => {
    late();
    resolve(false);
  }, setUpMs);
  for (const event of ['end', 'close', 'error']) alive.once(event, () => resolve(false));
  const up = await promise;
  clearTimeout(timer);
  alive.pause();
  return up;
}

function startSlirp(
  { slirp, range, directory, userNamespace }: PrivateNetwork,
  pid: number,
  [alive, ready]: readonly [Stream, Stream],
): ChildProcess {
  const args = [
    '--configure',
    '--mtu=65520',
    '--disable-host-loopback',
    '--enable-sandbox',
    '--enable-seccomp',
    `--cidr=${range.cidr}`,
    '--exit-fd=3',
    '--ready-fd=4',
    // By number it enters the user namespace, too, before it gives up its rights. Where there is none that is refused.
    ...(userNamespace ? [String(pid)] : ['--netns-type=path', `/proc/${pid}/ns/net`]),
    'tap0',
  ];
  return spawn(slirp, args, {
    cwd: '/',
    // So that whoever looks for what Berth has left running finds it.
    env: { BERTH_SANDBOX_FOLDER: directory },
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', alive, ready],
  });
}

/** What it said first, which is why it ended; with a colon before it. */
function firstWords({ stderr }: ChildProcess): () => string {
  let said = '';
  stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(0, 500);
  });
  return () => {
    const words = said.trim().split('\n')[0];
    return words ? `: ${words}` : '';
  };
}
