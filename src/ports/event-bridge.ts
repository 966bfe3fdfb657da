import type { ReceivedMessage } from './event-broker.ts';

/**
 * A broker outside that others publish to, and from which messages come into Berth's own. A topic there has the name of the
 * one here.
 */
export interface EventBridge {
  /** What connectors are told that the topics are in. */
  readonly project: string;
  /** Changes nothing. @throws BridgeFailure where nothing could be made or pulled now, with what to do about it */
  check(signal: AbortSignal): Promise<void>;
  /**
   * Makes what others publish to and Berth pulls from, or leaves it as it is where it is there.
   * @throws BridgeFailure with what the broker says and what to do about it
   */
  ensureTopic(topic: string, signal: AbortSignal): Promise<void>;
  /** Deletes all of it. Deleting what is gone succeeds. @throws BridgeFailure that names what is left */
  removeTopic(topic: string, signal: AbortSignal): Promise<void>;
  /**
   * Waits until there are messages, or for a while. Whoever takes them acknowledges them, or they come again.
   * @throws BridgeFailure, or the signal's reason
   */
  pull(
    topic: string,
    request: { readonly limit: number; readonly signal: AbortSignal },
  ): Promise<readonly PulledMessage[]>;
  /** From now on they do not come again, as a rule. */
  acknowledge(
    topic: string,
    messages: readonly PulledMessage[],
    signal: AbortSignal,
  ): Promise<void>;
}

export interface PulledMessage extends ReceivedMessage {
  /** What acknowledges this delivery of it. */
  readonly receipt: string;
}
