/** One event of a `text/event-stream`. Its data travels as JSON, in one line. */
export interface ServerSentEvent {
  readonly event: string;
  /** What a client says with `Last-Event-ID` to go on behind it. */
  readonly id?: string;
  readonly data: unknown;
}

export function printEvent({ event, id, data }: ServerSentEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Without an event: a comment, and with `id` what the client has got past without hearing of it. */
export function printSign(comment: string, id?: string): string {
  return `: ${comment}\n${id === undefined ? '' : `id: ${id}\n`}\n`;
}

/** How long a client waits before it comes back. */
export function printRetry(ms: number): string {
  return `retry: ${ms}\n`;
}
