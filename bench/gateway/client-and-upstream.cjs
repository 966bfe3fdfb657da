'use strict';

// An application that answers as much as it is told, and the client of whoever is before it, on one thread that does not sleep while it
// asks. Two programs on one processor wait for each other: the upstream for the client to be put aside, for milliseconds, and
// the client to be woken. What was measured was the scheduler. Here neither waits, and what is left is what the proxy takes.
//
// BENCH_COMMAND, as JSON, is how to start it on the processor where it belongs; it finds out which port Berth has given it in the
// place of 8080. BENCH_ANSWER_BYTES is how much it answers. It answers a path that ends in `/ports` with the port where it answers, and with
// the one where it takes loads: a POST with a SteadyLoad, and how many `connections`, is answered with Latencies.

const { spawn } = require('node:child_process');
const http = require('node:http');
const net = require('node:net');

const endOfHead = '\r\n\r\n';
/** So many under way at once, and the rate is more than whoever answers can do. */
const mostUnderWay = 10_000;

const [, program, port] = process.argv;
if (port === undefined) startWhereItBelongs();
else takeLoads((loadsPort) => answerOn(Number(port), `${port} ${loadsPort}`));

function startWhereItBelongs() {
  const [file, ...args] = JSON.parse(process.env.BENCH_COMMAND);
  const server = net.createServer().listen(8080, () => {
    const place = {};
    server._handle.getsockname(place);
    server.close(() => {
      const child = spawn(file, [...args, program, String(place.port)], { stdio: 'inherit' });
      child.once('exit', (code) => process.exit(code ?? 1));
    });
  });
}

/** @param onListening called with the port where it does */
function takeLoads(onListening) {
  const server = http.createServer(async (request, response) => {
    try {
      const chunks = await request.toArray();
      response.end(JSON.stringify(await ask(JSON.parse(Buffer.concat(chunks).toString()))));
    } catch (error) {
      response.writeHead(502).end(error.message);
    }
  });
  server.listen(0, '127.0.0.1', () => onListening(server.address().port));
}

/** To requests without a body that come one after the other. */
function answerOn(port, ports) {
  const answer = messageOf('x'.repeat(Number(process.env.BENCH_ANSWER_BYTES)));
  const where = messageOf(ports);
  net
    .createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (bytes) => {
        if (!bytes.includes(endOfHead)) return;
        const isForPorts = bytes.toString('latin1', 0, 100).includes('/ports ');
        socket.write(isForPorts ? where : answer, 'latin1');
      });
    })
    .listen(port, '127.0.0.1');
}

function messageOf(body) {
  const head = ['HTTP/1.1 200 OK', 'Content-Type: text/plain', `Content-Length: ${body.length}`];
  return `${head.join('\r\n')}${endOfHead}${body}`;
}

async function ask({ url, headers, connections: count, perSecond, warmUpMs, measuredMs }) {
  const { hostname: host, port, host: authority, pathname } = new URL(url);
  const fields = Object.entries({ Host: authority, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const request = `GET ${pathname} HTTP/1.1\r\n${fields.join('')}\r\n`;
  const place = { host, port: Number(port), noDelay: true };
  const warmUp = Math.ceil((warmUpMs * perSecond) / 1000);
  const all = warmUp + Math.floor((measuredMs * perSecond) / 1000);
  const connections = [];
  try {
    while (connections.length < count) connections.push(await connect(place));
    const latencies = await askAll(connections, { request, perSecond, all });
    return summarize(latencies.subarray(warmUp));
  } finally {
    for (const { socket } of connections) socket.destroy();
  }
}

/**
 * One request every `1 / perSecond`, on the connection that has rested longest. It keeps a number for each and nothing else: of more that
 * lives on the garbage collector would make pauses of milliseconds.
 *
 * @returns ms from when each was due until its answer
 */
function askAll(connections, { request, perSecond, all }) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const latencies = new Float64Array(all);
  const free = [...connections];
  let [due, sent, answered, isOver] = [0, 0, 0, false];
  const begin = performance.now();
  const dueAt = (index) => begin + (index * 1000) / perSecond;
  const sendDue = () => {
    for (; sent < due && free.length > 0; sent += 1) {
      const connection = free.shift();
      connection.index = sent;
      connection.socket.write(request, 'latin1');
    }
  };
  const onAnswer = (connection) => {
    latencies[connection.index] = performance.now() - dueAt(connection.index);
    answered += 1;
    free.push(connection);
    sendDue();
  };
  const onFailure = (error) => {
    isOver = true;
    reject(error);
  };
  const look = () => {
    for (const now = performance.now(); due < all && dueAt(due) <= now; ) due += 1;
    sendDue();
    if (due - answered > mostUnderWay) onFailure(new Error(`${perSecond} a second are too many`));
    if (answered === all) resolve(latencies);
    else if (!isOver) setImmediate(look);
  };
  for (const connection of connections) Object.assign(connection, { onAnswer, onFailure });
  look();
  return promise;
}

function connect(place) {
  const { promise, resolve, reject } = Promise.withResolvers();
  const socket = net.connect(place);
  const connection = { socket, index: 0, onAnswer() {}, onFailure: reject };
  let missing = 0;
  socket.once('connect', () => resolve(connection));
  socket.on('error', (error) => connection.onFailure(error));
  socket.on('end', () => connection.onFailure(new Error('A connection was ended')));
  socket.on('data', (bytes) => {
    missing = missing > 0 ? missing - bytes.length : missingAfter(bytes);
    if (missing === 0) connection.onAnswer(connection);
    else if (!(missing > 0)) connection.onFailure(new Error(`Not expected: ${bytes}`));
  });
  return promise;
}

/**
 * @param bytes the first of an answer, with all of its head
 * @returns how many are still to come; NaN where it is not the answer that is expected
 */
function missingAfter(bytes) {
  const end = bytes.indexOf(endOfHead);
  const head = bytes.toString('latin1', 0, Math.max(0, end));
  const length = /^HTTP\/1\.1 200 .*^content-length: *(\d+)$/ims.exec(head)?.[1];
  return end + endOfHead.length + Number(length) - bytes.length;
}

function summarize(latencies) {
  const sorted = latencies.toSorted();
  const at = (part) => sorted[Math.floor(part * sorted.length)];
  return { p50: at(0.5), p99: at(0.99), requests: sorted.length };
}
