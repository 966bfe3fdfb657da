import type { TestFiles } from '../support/git-repository.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

export const longMs = 3_000;
export const streamParts = 20;
export const jobIntervalMs = 2_000;

/** Each short GET prints a line of its own before it is answered with it: whoever has the answer knows that the line was written. */
const service = `
const http = require('node:http');
const boot = process.pid + '-' + Date.now();
let lines = 0;
const server = http.createServer((request, response) => {
  if (request.method === 'POST') return void request.pipe(response);
  const last = request.url.split('/').at(-1);
  if (last === 'crash') return process.kill(process.pid, 'SIGKILL');
  if (last === 'long') return void setTimeout(() => response.end('long done'), ${longMs});
  if (last === 'stream') {
    let part = 0;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => {
      part += 1;
      response.write('data: ' + part + '\\n\\n');
      if (part < ${streamParts}) return;
      clearInterval(timer);
      response.end();
    }, 200);
    return;
  }
  lines += 1;
  const line = 'line ' + boot + ' ' + lines;
  console.log(line);
  response.end(JSON.stringify({ value: process.env.VALUE, boot, line }));
});
server.on('upgrade', (request, socket) => {
  socket.on('error', () => undefined);
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n');
  socket.pipe(socket);
});
server.listen(8080);
`;

/** Hands on what it is sent before it acknowledges it. */
const handOn = (collector: string, read: string) => `
const http = require('node:http');
http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    try {
      const body = Buffer.concat(chunks).toString();
      await fetch(process.env.${collector}, { method: 'POST', body: ${read} });
      response.writeHead(204).end();
    } catch (error) {
      console.error(error);
      response.writeHead(500).end();
    }
  });
}).listen(8080);
`;

/** A service, an event application and a job, and nothing to install. */
export function uptimeConnector(): TestFiles {
  return tinyConnector({
    app: { server: service, spec: keys(['VALUE']) },
    listener: {
      type: 'event',
      server: handOn(
        'COLLECTOR',
        "Buffer.from(JSON.parse(body).message.data, 'base64').toString()",
      ),
      spec: keys(['COLLECTOR']),
    },
    ticker: {
      type: 'job',
      server: handOn('COLLECTOR', "'tick ' + Date.now()"),
      spec: {
        ...keys(['COLLECTOR']),
        properties: { schedule: `@every ${jobIntervalMs / 1_000}s` },
      },
    },
  });
}
