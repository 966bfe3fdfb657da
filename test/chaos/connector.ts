import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { keys, tinyConnector, tinyServer } from '../support/tiny-connector.ts';

/** Hands each message on before it acknowledges it. */
const listener = `
const http = require('node:http');
http.createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', async () => {
    try {
      const data = Buffer.from(JSON.parse(body).message.data, 'base64').toString();
      await fetch(process.env.COLLECTOR, { method: 'POST', body: data });
      response.writeHead(204).end();
    } catch (error) {
      console.error(error);
      response.writeHead(500).end();
    }
  });
}).listen(8080);
process.once('SIGTERM', () => process.exit(0));
`;

export const scripts = {
  postDeploy: 'echo deployed',
  preUndeploy: 'echo undeployed',
};

/** A service with scripts, and an event application: every step there is, and nothing to install. */
export function makeRepository(): Promise<TestRepository> {
  return createRepository({
    files: tinyConnector({
      app: { server: tinyServer, spec: { ...keys(['VALUE'], ['SECRET']), scripts } },
      listener: { type: 'event', server: listener, spec: keys(['COLLECTOR']) },
    }),
    tag: 'v1',
  });
}
