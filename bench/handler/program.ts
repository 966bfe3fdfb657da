const noting = `
fs.appendFileSync(process.env.ARRIVALS, '');
const noteDown = () => {
  if (arrived !== '') fs.appendFileSync(process.env.ARRIVALS, arrived);
  arrived = '';
};
setInterval(noteDown, 20);
process.once('SIGTERM', () => {
  noteDown();
  process.exit(0);
});
`;

/**
 * A handler that answers at once. What has arrived when (as `preciseNow` has it) it notes down in the file ARRIVALS, not more often than
 * every 20 ms, so that this takes no time of what is measured.
 */
export const handlerProgram = `
const fs = require('node:fs');
const http = require('node:http');
const now = () => Number(process.hrtime.bigint()) / 1e6;
let arrived = '';
const numberOf = (request, body) => {
  if (body.length === 0) return request.url.split('/').at(-1);
  return Buffer.from(JSON.parse(body).message.data, 'base64').toString().split(' ')[0];
};
http.createServer((request, response) => {
  const at = now();
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(204).end();
    if (request.method === 'POST') arrived += numberOf(request, Buffer.concat(chunks)) + ' ' + at + '\\n';
  });
}).listen(process.env.PORT, '127.0.0.1', function () { console.log(this.address().port); });
${noting}`;

/**
 * The same for requests without a body on connections of their own, at the socket PORT, with room for thousands that knock at once. It reads
 * no HTTP but the path, and takes little of the processors that it shares with what is measured.
 */
export const plainProgram = `
const fs = require('node:fs');
const net = require('node:net');
let arrived = '';
net.createServer((socket) => {
  socket.once('data', (request) => {
    const at = Number(process.hrtime.bigint()) / 1e6;
    socket.end('HTTP/1.1 204 No Content\\r\\nConnection: close\\r\\n\\r\\n', 'latin1');
    arrived += request.latin1Slice(0, request.indexOf(' HTTP/')).split('/').at(-1) + ' ' + at + '\\n';
  });
}).listen({ path: process.env.PORT, backlog: 4096 }, () => console.log(process.env.PORT));
${noting}`;
