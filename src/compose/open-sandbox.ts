import { join } from 'node:path';
import type { Config } from '../config/parse-config.ts';
import { RuntimeFailure } from '../core/failure.ts';
import { hasRoomForSockets } from '../drivers/runtime/process/run-folder.ts';
import { openSandbox } from '../drivers/sandbox/open-sandbox.ts';
import type { Sandbox } from '../drivers/sandbox/sandbox.ts';
import { hostPortsOf } from './host-ports.ts';

/** Of one seat. `directory` is its run folder. @throws RuntimeFailure where something is required that this machine cannot give */
export async function openConfiguredSandbox(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  { directory, spareNetworks }: { readonly directory: string; readonly spareNetworks: number },
): Promise<Sandbox> {
  return openSandbox({
    directory: join(directory, 'sandbox'),
    spareNetworks,
    mode: config.sandbox,
    ...chooseNetwork(config, directory),
    reach: {
      hostPorts: await hostPortsOf(config, environment),
      refusedNetworks: config.refusedNetworks,
    },
  });
}

/** An application in a network of its own answers at a socket below the data directory. */
function chooseNetwork({ network }: Config, directory: string) {
  if (network === 'shared' || hasRoomForSockets(directory)) return { network };
  if (network === 'auto') {
    const sharedBecause = 'the path of the data directory is too long for sockets';
    return { network: 'shared' as const, sharedBecause };
  }
  throw new RuntimeFailure(
    'Applications cannot have networks of their own (BERTH_NETWORK=private): the path of the data directory is too long for their sockets.',
    { nextStep: 'Set BERTH_DATA_DIR to a path of at most 60 bytes.' },
  );
}
