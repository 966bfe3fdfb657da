import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

/** The API's description, for machines. It is the same for everybody, so it needs no token. */
export function addOpenApi(server: FastifyInstance, document: object): void {
  const text = JSON.stringify(document, undefined, 2);
  const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
  server.get('/openapi.json', async (request, reply) => {
    reply.header('etag', etag).header('cache-control', 'no-cache');
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('application/json; charset=utf-8').send(text);
  });
}
