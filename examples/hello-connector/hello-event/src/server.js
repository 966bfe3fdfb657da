import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { log } from './log.js';

const server = createServer(async (request, response) => {
  if (request.method !== 'POST' || request.url !== '/events') return answer(response, 404);
  try {
    const { message } = await json(request);
    const notification = decode(message.data);
    log('INFO', 'Received a message', { messageId: message.messageId, notification });
    answer(response, 204);
  } catch (error) {
    // Anything but 2xx means "not handled": the message comes again.
    log('ERROR', `Cannot read the message: ${error.message}`);
    answer(response, 400);
  }
});

/** A push message carries the notification as base64 JSON. */
function decode(data) {
  return JSON.parse(Buffer.from(data, 'base64').toString());
}

function answer(response, status) {
  response.writeHead(status).end();
}

server.listen(8080, () => log('INFO', 'hello-event listens on port 8080'));
process.once('SIGTERM', () => server.close());
