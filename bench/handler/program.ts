/**
 * A handler that answers at once. What has arrived when (ms since the epoch, with fractions) it notes down in the file ARRIVALS, not
 * more often than every 20 ms, so that this takes no time of what is measured.
 */
export const handlerProgram = `
const fs = require('node:fs');
const http = require('node:http');
const now = () => performance.timeOrigin + performance.now();
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
