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

export function readBasic(header: string | undefined): { id: string; secret: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}
