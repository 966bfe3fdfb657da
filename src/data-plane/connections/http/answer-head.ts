import { invalidAnswer } from './failures.ts';
import { type FlatHeaders, notInValue, token } from './flat-headers.ts';

/** How much follows a head: so many bytes, chunks, or all until the connection ends (RFC 9112, section 6.3). */
export type Framing = number | 'chunks' | 'until the end';

export interface AnswerHead {
  /** 100 to 999, but never 101. */
  readonly status: number;
  readonly reason: string;
  readonly headers: FlatHeaders;
  readonly framing: Framing;
  /** Whether the connection may carry another request. */
  readonly isKept: boolean;
  /** For how long whoever answers keeps it, in seconds, where it says so. */
  readonly keptSeconds?: number;
}

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([^\r\n]*))?$/;

/**
 * Reads a head, without the empty line behind it. Anything that another reader could take for something else is refused, as RFC 9112 lets us.
 * @param text one character for each byte
 * @throws HttpFailure
 */
export function readAnswerHead(text: string, method: string): AnswerHead {
  const firstEnd = endOfLine(text, 0);
  const [, minor, digits, reason = ''] = statusLine.exec(text.slice(0, firstEnd)) ?? [];
  if (digits === undefined) throw invalidAnswer('Its status line is none of HTTP/1.1.');
  const status = Number(digits);
  const headers = readFields(text, firstEnd + 2);
  const about = aboutMessage(headers);
  if (status === 101) throw invalidAnswer('It changes the protocol, which nobody has asked for.');
  const framing = framingOf(about, { status, method, isOld: minor === '0' });
  const says = (option: string): boolean => hasOption(about.connection, option);
  return {
    ...{ status, reason, headers, framing },
    // Some send a body with HEAD, which is not theirs to whom the next answer is.
    isKept:
      framing !== 'until the end' &&
      method !== 'HEAD' &&
      !says('close') &&
      (minor === '1' || says('keep-alive')),
    ...(about['keep-alive'] === undefined ? {} : keptFor(about['keep-alive'])),
  };
}

/**
 * Fields of a head or a trailer, each on a line.
 * @throws HttpFailure
 */
export function readFields(text: string, from: number): FlatHeaders {
  const fields: FlatHeaders = [];
  for (let at = from; at < text.length; ) {
    const end = endOfLine(text, at);
    const colon = text.indexOf(':', at);
    const name = colon < 0 || colon > end ? '' : text.slice(at, colon);
    if (!token.test(name)) throw invalidAnswer('One of its headers has no name.');
    const value = withoutSpaces(text, colon + 1, end);
    if (notInValue.test(value)) throw invalidAnswer('One of its headers cannot be printed.');
    fields.push(name, value);
    at = end + 2;
  }
  return fields;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end < 0 ? text.length : end;
}

const [space, tab] = [0x20, 0x09];

/** `trim` would take what is part of a value. A tab behind it stays: some take it for a part of it, and then a body is not in chunks. */
function withoutSpaces(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && (text.charCodeAt(start) === space || text.charCodeAt(start) === tab))
    start += 1;
  while (end > start && text.charCodeAt(end - 1) === space) end -= 1;
  return text.slice(start, end);
}

/** The headers that say where a message and its connection end. */
type AboutMessage = Partial<Record<(typeof aboutNames)[number], string>>;
const aboutNames = ['connection', 'keep-alive', 'content-length', 'transfer-encoding'] as const;

function aboutMessage(headers: FlatHeaders): AboutMessage {
  const about: AboutMessage = {};
  for (let at = 0; at < headers.length; at += 2) {
    const given = headers[at] ?? '';
    // Of all others the length tells enough, and this is done for every answer.
    if (given.length !== 10 && given.length !== 14 && given.length !== 17) continue;
    const lower = given.toLowerCase();
    const name = aboutNames.find((one) => one === lower);
    if (name === undefined) continue;
    const [before, value = ''] = [about[name], headers[at + 1]];
    about[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return about;
}

function framingOf(
  { 'content-length': length, 'transfer-encoding': coding }: AboutMessage,
  {
    status,
    method,
    isOld,
  }: { readonly status: number; readonly method: string; readonly isOld: boolean },
): Framing {
  // As large as a number may be and still be exact.
  if (length !== undefined && !/^\d{1,15}$/.test(length))
    throw invalidAnswer('Its Content-Length is not one number.');
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return 0;
  if (coding !== undefined) {
    if (length !== undefined) throw invalidAnswer('It has a length and a Transfer-Encoding.');
    if (isOld || coding.toLowerCase() !== 'chunked')
      throw invalidAnswer('Its Transfer-Encoding is not chunked.');
    return 'chunks';
  }
  return length === undefined ? 'until the end' : Number(length);
}

function hasOption(connection: string | undefined, option: string): boolean {
  if (connection === undefined) return false;
  // What nearly all say.
  if (connection.length === option.length) return connection.toLowerCase() === option;
  return connection.split(',').some((one) => one.trim().toLowerCase() === option);
}

function keptFor(keepAlive: string): Pick<AnswerHead, 'keptSeconds'> {
  const [, seconds] = /(?:^|[,;\s])timeout\s{0,9}=\s{0,9}"?(\d{1,9})/i.exec(keepAlive) ?? [];
  return seconds === undefined ? {} : { keptSeconds: Number(seconds) };
}
