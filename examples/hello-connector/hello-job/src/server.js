import { createServer } from 'node:http';
import { log } from './log.js';

const server = createServer((request, response) => {
  const isRun = request.method === 'POST' && request.url === '/run';
  if (isRun) log('INFO', 'The job runs', { startedAt: new Date().toISOString() });
  response.writeHead(isRun ? 200 : 404).end();
});

server.listen(8080, () => log('INFO', 'hello-job listens on port 8080'));
process.once('SIGTERM', () => server.close());
