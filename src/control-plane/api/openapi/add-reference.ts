import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

const path = '/reference';

/**
 * The API's description, for people: a page that also sends requests. Everything it loads comes from here. What is typed in
 * stays in the tab's memory: a reload forgets it.
 */
export function addReference(server: FastifyInstance, description: object): void {
  // A scope of its own: its headers are for no other answer.
  server.register(async (pages) => {
    pages.addHook('onSend', async (_request, reply) => {
      reply.headers(pageHeaders);
    });
    // A path that could lead out of the folder, a range beyond the end: no file, and no mistake in a body.
    pages.setErrorHandler((error: { readonly statusCode?: number }, _request, reply) => {
      if ((error.statusCode ?? 500) >= 500) throw error;
      reply.callNotFound();
    });
    // A copy: the plugin wants one that it may change.
    const document = JSON.parse(JSON.stringify(description));
    await pages.register(swagger, { mode: 'static', specification: { document } });
    await pages.register(swaggerUi, {
      routePrefix: path,
      theme: { title: 'Berth API' },
      uiConfig: {
        layout: 'BaseLayout',
        docExpansion: 'list',
        defaultModelsExpandDepth: 0,
        displayRequestDuration: true,
        filter: true,
        persistAuthorization: false,
        tryItOutEnabled: true,
      },
    });
  });
  server.get('/', async (_request, reply) => reply.redirect(path));
}

/** The page may talk to this Berth alone, runs no script that stands in it, and is shown in no other page. */
const pageHeaders = {
  'cache-control': 'no-cache',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
