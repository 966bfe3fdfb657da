import type { RetryPolicy } from '../../core/connector-spec.ts';
import type { Callee } from '../connections/callee.ts';

/** A topic and the event application its messages are for. They wait while nothing of it is healthy. */
export interface PushSubscription extends Callee {
  readonly topic: string;
  /** What the application sees as the project of its subscription. */
  readonly project: string;
  readonly endpoint: string;
  readonly retryPolicy?: RetryPolicy;
}
