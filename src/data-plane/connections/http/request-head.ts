import { HttpFailure } from './failures.ts';
import { type FlatHeaders, notInValue, token } from './flat-headers.ts';

export interface RequestHead {
  readonly method: string;
  /** In origin form: a path, and a query. */
  readonly path: string;
  /** But those of the connection, which is not theirs. A Content-Length is read, and written anew. */
  readonly headers: Readonly<FlatHeaders>;
  /** No other follows it on its connection. */
  readonly isLast?: boolean;
}

const notInTarget = /[^\x21-\x7e\x80-\xff]/;

/** How the body ends: after so many bytes, with its last chunk, or there is none. */
export type RequestFraming = number | 'chunks' | 'none';

/**
 * As it is sent, one character for each byte. Nothing in it may begin a line of its own.
 * @throws HttpFailure
 */
export function printRequestHead(
  { method, path, headers, isLast = false }: RequestHead,
  framing: RequestFraming,
): string {
  if (!token.test(method)) throw invalid('Its method is none.');
  if (path === '' || notInTarget.test(path))
    throw invalid('Its path has characters that must be escaped.');
  let text = `${method} ${path} HTTP/1.1\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [name = '', value = ''] = [headers[at], headers[at + 1]];
    if (!token.test(name) || notInValue.test(value))
      throw invalid(`Its header ${JSON.stringify(name)} cannot be sent.`);
    if (!isLength(name)) text += `${name}: ${value}\r\n`;
  }
  if (framing === 'chunks') text += 'Transfer-Encoding: chunked\r\n';
  else if (framing !== 'none') text += `Content-Length: ${framing}\r\n`;
  return `${text}Connection: ${isLast ? 'close' : 'keep-alive'}\r\n\r\n`;
}

/**
 * In bytes; undefined where the headers have no Content-Length.
 * @throws HttpFailure
 */
export function lengthIn(headers: Readonly<FlatHeaders>): number | undefined {
  let found: string | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (!isLength(headers[at] ?? '')) continue;
    if (found !== undefined) throw invalid('It has more than one Content-Length.');
    found = headers[at + 1] ?? '';
  }
  if (found !== undefined && !/^0*\d{1,15}$/.test(found))
    throw invalid('Its Content-Length is no number.');
  return found === undefined ? undefined : Number(found);
}

function isLength(name: string): boolean {
  return name.length === 14 && name.toLowerCase() === 'content-length';
}

function invalid(reason: string): HttpFailure {
  return new HttpFailure('REQUEST_INVALID', reason);
}
