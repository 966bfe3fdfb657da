import { createServer } from 'node:http';
import ms from 'ms';
import { log } from './log.js';

const server = createServer((request, response) => {
  const [path] = request.url.split('?');
  if (path !== '/hello') return answer(response, 404, { message: `Nothing at ${path}` });
  answer(response, 200, {
    greeting: process.env.GREETING,
    hasApiToken: Boolean(process.env.API_TOKEN),
    upFor: ms(Math.round(process.uptime() * 1000)),
  });
});

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

server.listen(8080, () => log('INFO', 'hello-service listens on port 8080'));
process.once('SIGTERM', () => server.close());
