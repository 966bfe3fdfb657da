/** A position in the logs: after the entry with this timestamp and id. */
export interface LogPosition {
  readonly timestamp: number;
  readonly id: number;
}

export function printCursor({ timestamp, id }: LogPosition): string {
  return Buffer.from(`${timestamp}.${id}`).toString('base64url');
}

/** Undefined where the text was not made by `printCursor`. */
export function parseCursor(text: string): LogPosition | undefined {
  if (text.length > longest) return undefined;
  const [, timestamp, id] = /^(-?\d+)\.(\d+)$/.exec(fromBase64(text)) ?? [];
  const position = { timestamp: Number(timestamp), id: Number(id) };
  // Base64 is read leniently: only the exact text counts.
  return printCursor(position) === text ? position : undefined;
}

export function isLogCursor(text: string): boolean {
  return parseCursor(text) !== undefined;
}

const longest = 64;

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64url').toString();
}
