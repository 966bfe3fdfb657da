import type { FastifyInstance } from 'fastify';
import type { Alive, NotReady, Ready } from '../../wire/health.ts';
import type { ApiDependencies } from './route.ts';

/** `/healthz`: the process answers. `/readyz`: it can also read its store. */
export function addHealth(
  server: FastifyInstance,
  { store }: Pick<ApiDependencies, 'store'>,
): void {
  server.get('/healthz', async () => ({ status: 'ok' }) satisfies Alive);
  server.get('/readyz', async (request, reply) => {
    try {
      await store.operations.countOpen();
      return { status: 'ready' } satisfies Ready;
    } catch (error) {
      request.log.error({ reqId: request.id, err: error }, 'the store does not answer');
      return reply
        .code(503)
        .send({ status: 'not ready', reason: 'The store does not answer' } satisfies NotReady);
    }
  });
}
