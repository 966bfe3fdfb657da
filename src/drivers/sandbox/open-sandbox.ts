import { execa } from 'execa';
import { RuntimeFailure } from '../../core/failure.ts';
import { confine } from './confine.ts';
import { giveTo } from './give-to.ts';
import { examineHost, type Host } from './host.ts';
import type { Reach } from './network-rules.ts';
import { networkDescriptors } from './private-network.ts';
import type { Sandbox, SandboxReport } from './sandbox.ts';
import { openSpareNetworks } from './spare-networks.ts';
import { start } from './start.ts';

export interface SandboxOptions {
  /** Takes the few files a sandbox needs. */
  readonly directory: string;
  /** auto: bubblewrap where it works. required: fails where it does not. off: limits only. */
  readonly mode: 'auto' | 'required' | 'off';
  /** auto: a network of its own for each job where that works. private: fails where it does not. shared: this machine's. */
  readonly network?: 'auto' | 'private' | 'shared';
  /** Why it is shared, where nobody chose that. */
  readonly sharedBecause?: string;
  /** What jobs may reach from there, beside the rest of the world, and what not. */
  readonly reach?: Partial<Reach>;
  /** How many networks are to be made before jobs need them. None by default. */
  readonly spareNetworks?: number;
  /** For how long nobody must have begun anything before one is made. */
  readonly spareQuietMs?: number;
}

const nothingMore: Reach = { hostPorts: [], refusedNetworks: [] };

/** @throws RuntimeFailure where separation is required and this machine has none */
export async function openSandbox({
  directory,
  mode,
  network = 'shared',
  sharedBecause = 'BERTH_NETWORK is shared',
  reach,
  spareNetworks = 0,
  spareQuietMs = 1_000,
}: SandboxOptions): Promise<Sandbox> {
  const host = await examineHost(directory, {
    separation: mode !== 'off',
    network:
      network === 'shared' ? { without: sharedBecause } : { reach: { ...nothingMore, ...reach } },
  });
  if (mode === 'required' && host.bubblewrap === undefined) {
    throw new RuntimeFailure(
      `Applications cannot be separated from this machine (BERTH_SANDBOX=required): ${host.withoutBubblewrap}.`,
      {
        nextStep:
          'Install it, for example with `apt-get install bubblewrap`, and allow user namespaces.',
      },
    );
  }
  if (network === 'private' && host.network === undefined) {
    throw new RuntimeFailure(
      `Applications cannot have networks of their own on this machine (BERTH_NETWORK=private): ${host.withoutNetwork}.`,
      {
        nextStep:
          'Install what it takes, for example with `apt-get install bubblewrap slirp4netns iproute2`, and let Berth use /dev/net/tun.',
      },
    );
  }
  await host.cgroups?.sweep();
  const spares =
    host.network === undefined
      ? undefined
      : openSpareNetworks(
          { network: host.network, cgroups: host.cgroups },
          { count: spareNetworks, quietMs: spareQuietMs },
        );
  return {
    separation: host.bubblewrap === undefined ? 'none' : 'bubblewrap',
    network: host.network === undefined ? 'shared' : 'private',
    canOverlay: host.overlays !== undefined,
    leaveAt: host.network === undefined ? undefined : networkDescriptors.go,
    report: describeHost(host),
    start: (job) => start(host, spares, job),
    confine: (job) => confine(host, job),
    handOver: (...folders) => handOver(host, folders),
    handOverNew: (folder) => handOverNew(host, folder),
    sweep: async () => host.cgroups?.sweep(),
    [Symbol.asyncDispose]: async () => spares?.[Symbol.asyncDispose](),
  };
}

/** Links are handed over themselves, never what they lead to. */
async function handOver({ bubblewrap }: Host, folders: readonly string[]): Promise<void> {
  if (bubblewrap?.setpriv === undefined || folders.length === 0) return;
  const { uid, gid } = bubblewrap.identity;
  await execa('chown', ['-R', '-h', '-P', `${uid}:${gid}`, '--', ...folders]);
}

async function handOverNew(host: Host, folder: string): Promise<void> {
  const { bubblewrap } = host;
  if (bubblewrap?.setpriv === undefined) return;
  if (!giveTo(bubblewrap.identity, folder)) await handOver(host, [folder]);
}

function describeHost(host: Host): SandboxReport {
  const controllers = host.cgroups?.controllers ?? new Set<string>();
  const { bubblewrap } = host;
  return {
    separation:
      bubblewrap === undefined ? `none: ${host.withoutBubblewrap}` : describeUser(bubblewrap),
    network:
      host.network === undefined
        ? `this machine’s: ${host.withoutNetwork}`
        : 'one for each instance, script and build, with slirp4netns',
    memory: controllers.has('memory')
      ? 'control groups, all processes together'
      : host.prlimit === undefined
        ? process.platform === 'linux'
          ? 'looked at twice a second'
          : 'none, beside the heap of Node'
        : 'of each process, and all together looked at twice a second',
    processes: controllers.has('pids')
      ? 'control groups'
      : bubblewrap !== undefined && host.prlimit !== undefined
        ? 'of the user'
        : 'none',
    cpu: controllers.has('cpu')
      ? 'control groups'
      : host.nice === undefined
        ? 'none'
        : 'priorities only',
  };
}

function describeUser({ setpriv, identity }: NonNullable<Host['bubblewrap']>): string {
  return setpriv === undefined
    ? 'bubblewrap, in a user namespace'
    : `bubblewrap, as user ${identity.uid}`;
}
