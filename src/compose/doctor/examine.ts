import type { Config } from '../../config/parse-config.ts';
import { checkBridge } from './bridge.ts';
import type { Check } from './check.ts';
import { checkDataDirectory } from './data-directory.ts';
import { checkNetwork, checkReach } from './network.ts';
import { checkPrograms } from './programs.ts';
import { checkSandbox } from './sandbox.ts';

/** What holds on this machine for a Berth with this configuration, beside whatever server runs there. Changes nothing. */
export function examine(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly Check[]> {
  return Promise.all([
    ...checkPrograms(environment),
    ...checkDataDirectory(config),
    ...checkSandbox(config),
    ...checkNetwork(config),
    checkReach(config),
    ...checkBridge(config),
  ]);
}
