import type { FastifyRequest } from 'fastify';

/** A token request's parameters, from the query and from a form or JSON body: clients do all three (contract §8.1). */
export function readForm(request: FastifyRequest): URLSearchParams {
  const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?') + 1) : '';
  const form = new URLSearchParams(query);
  const body = typeof request.body === 'string' ? request.body : '';
  for (const [name, value] of readBody(body)) form.set(name, value);
  return form;
}

function readBody(body: string): Iterable<[string, string]> {
  if (!body.trimStart().startsWith('{')) return new URLSearchParams(body);
  try {
    return Object.entries(JSON.parse(body) as Record<string, unknown>).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
  } catch {
    // Neither JSON nor a form: the missing parameters are then named in the answer.
    return [];
  }
}

export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

/**
 * What may be meant, likeliest first: from the header, or, without one, from the parameters. RFC 6749 §2.3.1 percent-encodes
 * both halves of the header, and most clients do not.
 */
export function readCredentials(
  header: string | undefined,
  form: URLSearchParams,
): readonly Credentials[] {
  const basic = readBasic(header);
  if (basic !== undefined) {
    const decoded = { id: percentDecoded(basic.id), secret: percentDecoded(basic.secret) };
    const isSame = decoded.id === basic.id && decoded.secret === basic.secret;
    return isSame ? [basic] : [basic, decoded];
  }
  const id = form.get('client_id');
  const secret = form.get('client_secret');
  return id === null || secret === null ? [] : [{ id, secret }];
}

function readBasic(header: string | undefined): Credentials | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // It was not encoded, then.
    return text;
  }
}
