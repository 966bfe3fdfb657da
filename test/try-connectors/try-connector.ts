import { type MockPlatform, startMockPlatform } from '../support/mock-platform.ts';
import { type BerthProcess, startBerth } from './berth-process.ts';
import { type ConnectClient, connectTo } from './connect-client.ts';
import { type ConnectorArgument, openConnectorSource } from './connector-source.ts';
import type { Overrides } from './dummy-configuration.ts';
import { type ConnectorResult, describeError, isSuccess } from './result.ts';
import { newTrial, runTrial, type Trial } from './trial.ts';

export interface TryOptions {
  readonly overrides: Overrides;
  readonly keep: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** One connector through its whole life, on a platform and a Berth of its own. Never throws: that is a result too. */
export async function tryConnector(
  name: string,
  argument: ConnectorArgument,
  options: TryOptions,
): Promise<ConnectorResult> {
  const trial = newTrial();
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  try {
    await using platform = await startMockPlatform();
    await using source = await openConnectorSource(argument);
    await useBerth(trial, { ...options, signal, platform }, (berth, client) =>
      runTrial(trial, { ...options, ...berth, signal, source, platform, client }),
    );
  } catch (error) {
    trial.error ??= describeError(error);
  }
  return { connector: name, ok: isSuccess(trial), ...trial };
}

async function useBerth(
  trial: Trial,
  options: TryOptions & { readonly platform: MockPlatform },
  use: (berth: BerthProcess, client: ConnectClient) => Promise<void>,
): Promise<void> {
  const berth: BerthProcess = await startBerth({ ...options, platformUrl: options.platform.url });
  try {
    await use(berth, await connectTo(berth.apiUrl, berth.credentials, options.signal));
  } catch (error) {
    trial.error ??= describeError(error);
  }
  for (const command of await berth.stop()) {
    trial.findings.push({ what: 'nothing is left running', problem: command });
  }
  if (!isSuccess(trial)) trial.logs.push(...berth.lastOutput().slice(-25));
  if (options.keep) options.progress(`kept ${berth.directory}`);
}
