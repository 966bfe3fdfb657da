import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { openCommonFolder } from './common-folder.ts';
import { findProgram } from './find-program.ts';
import { emptyNetworkFiles, networkFiles, writeNetworkFiles } from './network-files.ts';
import { chooseRange, type Reach } from './network-rules.ts';
import {
  enterNetwork,
  networkDescriptors,
  openWayOut,
  type PrivateNetwork,
} from './private-network.ts';
import { type Bubblewrap, separationChain } from './separation-chain.ts';
import { settingsIn } from './system-mounts.ts';

export interface NetworkTrial {
  readonly network?: PrivateNetwork;
  /** With what programs in such a network see instead of the machine's own. */
  readonly bubblewrap?: Bubblewrap;
  /** Why there is none, for people. */
  readonly withoutNetwork: string;
}

/** Allowed in the trial so that its rules are tried, too. Nobody is asked there. */
const trialReach = { hostPorts: [{ from: 9, to: 10 }], refusedNetworks: ['192.0.2.0/24'] };
const patienceMs = 20_000;
const commonFolder = '/common';
/** Ends well where an interface leads out, and only when it is told that its folder is looked at. */
const seesWayOut = `
read -r go
: >${commonFolder}/seen
while read -r name rest; do [ "$name" != tap0 ] || exit 0; done </proc/net/route
exit 9`;
const noView = { readable: [], writable: [], shared: [], scratch: [], hidden: [] };

/** Gives one program a network of its own and looks whether it has a way out. */
export async function tryNetwork(
  directory: string,
  bubblewrap: Bubblewrap,
  reach: Reach,
): Promise<NetworkTrial> {
  const [unshare, slirp, ip, mount] = await Promise.all(
    ['unshare', 'slirp4netns', 'ip', 'mount'].map(findProgram),
  );
  if (unshare === undefined) return without('unshare, of the package util-linux, is not installed');
  if (slirp === undefined) return without('slirp4netns is not installed');
  if (mount === undefined) return without('mount is not installed');
  if (ip === undefined) return without('ip, of the package iproute2, is not installed');
  const range = chooseRange(networkInterfaces());
  if (range === undefined) return without('this machine is in every network kept for examples');
  const userNamespace = bubblewrap.setpriv === undefined;
  const common = join(directory, 'common');
  await mkdir(common, { recursive: true });
  const network = { unshare, slirp, ip, mount, range, directory, common, reach, userNamespace };
  const settings = settingsIn(directory);
  await writeNetworkFiles(settings.folder, range);
  const places = new Set(networkFiles.map((name) => join(settings.at, name)));
  const system = bubblewrap.system.filter(({ at }) => !places.has(at));
  const candidate = { ...bubblewrap, system };
  const problem = await attempt({ ...network, reach: trialReach }, candidate);
  if (problem === undefined) return { network, bubblewrap: candidate, withoutNetwork: '' };
  await emptyNetworkFiles(settings.folder);
  return without(`it does not work here: ${problem}`);
}

function without(withoutNetwork: string): NetworkTrial {
  return { withoutNetwork };
}

/** Whether the trial has left its file, asked when it has ended. */
function findCommon({ common }: PrivateNetwork, pid: number): () => boolean {
  try {
    const folder = openCommonFolder(common, pid);
    return () => {
      using found = folder;
      return existsSync(join(found.path, 'seen'));
    };
  } catch {
    // It had ended, or nobody but root may look.
    return () => false;
  }
}

async function attempt(
  network: PrivateNetwork,
  bubblewrap: Bubblewrap,
): Promise<string | undefined> {
  const [file = '', ...args] = [
    ...enterNetwork(network, { hasCommonFolder: true }),
    ...separationChain(bubblewrap, {
      view: { ...noView, common: commonFolder },
      ...{ directory: '/', scratchMb: 1, endsWithParent: true },
      network: { waitsAt: networkDescriptors.ready },
      commonAt: network.common,
    }),
    '/bin/sh',
    '-c',
    seesWayOut,
  ];
  const trial = execa(file, args, {
    env: {},
    extendEnv: false,
    reject: false,
    stdio: ['pipe', 'ignore', 'pipe', 'ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
  });
  const { pid } = trial;
  if (pid === undefined) return (await trial).shortMessage;
  await using wayOut = openWayOut(network, { pid, stdio: trial.nodeChildProcess.stdio });
  await wayOut.isUp;
  const seen = findCommon(network, pid);
  trial.stdin?.end('\n');
  const failed = wayOut.failed.then((words) => ({ exitCode: 9, stderr: words, shortMessage: '' }));
  const { exitCode, stderr, shortMessage } = await Promise.race([trial, failed]);
  if (exitCode === 0) return seen() ? undefined : 'what a program leaves for Berth is not seen';
  return stderr.trim().split('\n').at(-1) || shortMessage;
}
