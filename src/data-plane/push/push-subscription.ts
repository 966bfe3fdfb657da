import type { RetryPolicy } from '../../core/connector-spec.ts';
import type { LocalAddress } from '../../core/local-address.ts';

/** A topic and the event application its messages are for. */
export interface PushSubscription {
  readonly topic: string;
  /** What the application sees as the project of its subscription. */
  readonly project: string;
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly endpoint: string;
  /** Absent while nothing of it is healthy: its messages wait. */
  readonly address?: LocalAddress;
  readonly retryPolicy?: RetryPolicy;
}

export type ReachableSubscription = PushSubscription & Required<Pick<PushSubscription, 'address'>>;

export function isReachable(subscription: PushSubscription): subscription is ReachableSubscription {
  return subscription.address !== undefined;
}
