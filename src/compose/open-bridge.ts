import type { Config } from '../config/parse-config.ts';
import type { EventBridge } from '../ports/event-bridge.ts';

/** Where events come from that commercetools publishes, if the operator has such a place. */
export async function openBridge({ bridge }: Config): Promise<{ readonly bridge?: EventBridge }> {
  if (bridge === undefined) return {};
  // Hardly anybody on a laptop needs it.
  const { openGooglePubsub } = await import(
    '../drivers/event-bridge/google-pubsub/open-google-pubsub.ts'
  );
  return { bridge: await openGooglePubsub(bridge) };
}
