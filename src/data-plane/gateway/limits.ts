/** Every bound of the gateway. */
export interface GatewayLimits {
  /** A client has this long to send its request's head, and this long to send all of it. */
  readonly clientHeadMs: number;
  readonly clientRequestMs: number;
  /** A client that neither sends nor takes a byte for this long is cut off. */
  readonly clientIdleMs: number;
  /** Longer than the usual 60 s of a load balancer in front, which would else reuse a connection being closed. */
  readonly keepAliveMs: number;
  readonly headBytes: number;
  readonly requestHeaders: number;
  readonly connectionsPerListener: number;
  /** An instance has this long until its answer begins, and between two pieces of it. */
  readonly answerMs: number;
  readonly connectMs: number;
  readonly connectionsPerInstance: number;
  /** Under way and waiting for a connection, together. More are refused. */
  readonly requestsPerInstance: number;
  /** So long a request waits for an instance that starts, and so many for one application. */
  readonly startMs: number;
  readonly waitingPerApplication: number;
  /** So long where the only instance refuses connections: it has just ended, or it has stopped listening. */
  readonly refusedMs: number;
  readonly filesPerSite: number;
  /** How long closing waits for requests under way. */
  readonly drainMs: number;
}

export const defaultLimits: GatewayLimits = {
  clientHeadMs: 30_000,
  clientRequestMs: 5 * 60_000,
  clientIdleMs: 5.5 * 60_000,
  keepAliveMs: 65_000,
  headBytes: 32 * 1024,
  requestHeaders: 1_000,
  connectionsPerListener: 10_000,
  answerMs: 5 * 60_000,
  connectMs: 5_000,
  connectionsPerInstance: 128,
  requestsPerInstance: 1_024,
  startMs: 4 * 60_000,
  waitingPerApplication: 1_024,
  refusedMs: 5_000,
  filesPerSite: 50_000,
  drainMs: 10_000,
};

/** Whoever waits for a start is answered before the time for sending the request is over: then there would be no answer. */
export function boundedLimits(limits: GatewayLimits): GatewayLimits {
  return { ...limits, startMs: Math.min(limits.startMs, 0.9 * limits.clientRequestMs) };
}
