import type { Config } from '../../config/parse-config.ts';
import { Failure } from '../../core/failure.ts';
import { openBridge } from '../open-bridge.ts';
import { type Check, check, missing, ok } from './check.ts';

/** A little less than a look may take at all: its own message says more. */
const timeoutMs = 9_000;

/** Where events of commercetools come from, if there is such a place: without it Deployments of event applications fail. */
export function checkBridge(config: Config): Promise<Check>[] {
  if (config.bridge === undefined) return [];
  return [
    check('events', 'Google Pub/Sub', async () => {
      try {
        const { bridge } = await openBridge(config);
        await bridge?.check(AbortSignal.timeout(timeoutMs));
        return ok(`the topics of project ${bridge?.project} are seen`);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return missing(
          error.message,
          error.nextStep ?? 'Check BERTH_PUBSUB_PROJECT_ID and its credentials.',
        );
      }
    }),
  ];
}
