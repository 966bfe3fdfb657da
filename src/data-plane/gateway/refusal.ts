import type { IncomingMessage } from 'node:http';
import { badRequest, type ErrorAnswer } from './error-answer.ts';
import type { GatewayLimits } from './limits.ts';

/**
 * Why a request is carried nowhere: two readers of it could disagree about where it goes or where it ends, or nobody serves it. What is
 * no HTTP at all never gets this far.
 */
export function refusalOf(
  req: IncomingMessage,
  { requestHeaders }: GatewayLimits,
): ErrorAnswer | undefined {
  const { method, headers, rawHeaders } = req;
  if (req.httpVersionMajor !== 1) return unsupportedVersion(req.httpVersion);
  if (rawHeaders.length > 2 * requestHeaders) return tooManyHeaders(requestHeaders);
  if (isRepeated(rawHeaders, 'host')) return refused('The request has more than one Host.');
  if (headers.host === undefined && req.httpVersionMinor > 0)
    return refused('The request has no Host.');
  if (method === 'CONNECT') return noTunnels;
  if (!isCodingKnown(req)) return refused('Transfer-Encoding may only be chunked, and not in 1.0.');
  if (!isTargetOfHost(req)) return refused('The request target names another host than Host does.');
  return headers.expect === undefined || expectsContinue(req) ? undefined : unknownExpectation;
}

export function expectsContinue({ headers, httpVersionMinor }: IncomingMessage): boolean {
  return httpVersionMinor > 0 && headers.expect?.toLowerCase() === '100-continue';
}

/** Who sent this may mean something else by what follows. */
const close = { Connection: 'close' };

function refused(message: string): ErrorAnswer {
  return { ...badRequest(message), headers: close };
}

const noTunnels: ErrorAnswer = {
  status: 405,
  code: 'MethodNotAllowed',
  message: 'CONNECT is not served. Ask for the application itself.',
  headers: close,
};

const unknownExpectation: ErrorAnswer = {
  status: 417,
  code: 'ExpectationFailed',
  message: 'Expect may only be 100-continue.',
  headers: close,
};

function unsupportedVersion(version: string): ErrorAnswer {
  const message = `HTTP/${version} is not served here. Ask with HTTP/1.1.`;
  return { status: 505, code: 'HttpVersionNotSupported', message, headers: close };
}

function tooManyHeaders(limit: number): ErrorAnswer {
  const message = `The request has more than ${limit} headers.`;
  return { status: 431, code: 'RequestHeadersTooLarge', message, headers: close };
}

function isRepeated(raw: readonly string[], wanted: string): boolean {
  let found = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at];
    if (name?.length === wanted.length && name.toLowerCase() === wanted) found += 1;
  }
  return found > 1;
}

/** RFC 9112, section 6.1. Other codings would get lost on the way to the instance. */
function isCodingKnown({ headers, httpVersionMinor }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  return coding === undefined || (httpVersionMinor > 0 && coding.toLowerCase() === 'chunked');
}

/** RFC 9112, section 3.2.2: whoever takes the target's host and whoever takes the header's must come to the same application. */
function isTargetOfHost({ url = '', headers: { host = '' } }: IncomingMessage): boolean {
  const [, authority] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? [];
  return authority === undefined || authority.toLowerCase() === host.toLowerCase();
}
