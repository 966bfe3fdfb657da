import type { FastifyRequest } from 'fastify';

/** All that the two endpoints read. What else is sent is not kept, however much of it there is. */
const fields = ['grant_type', 'scope', 'token', 'client_id', 'client_secret'] as const;

/** A token request's parameters, from the query and from a form or JSON body: clients do all three (contract §8.1). */
export function readForm(request: FastifyRequest): URLSearchParams {
  const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?') + 1) : '';
  const form = new URLSearchParams(query);
  const body = readBody(typeof request.body === 'string' ? request.body : '');
  for (const name of fields) {
    const value = body(name);
    if (value !== undefined) form.set(name, value);
  }
  return form;
}

function readBody(body: string): (name: string) => string | undefined {
  if (!body.trimStart().startsWith('{')) {
    const form = new URLSearchParams(body);
    return (name) => form.getAll(name).at(-1);
  }
  const json = readObject(body);
  return (name) => (typeof json[name] === 'string' ? json[name] : undefined);
}

function readObject(body: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    // Neither JSON nor a form: the missing parameters are then named in the answer.
    return {};
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
