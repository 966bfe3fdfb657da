'use strict';

// As hosted, an application is alone on its machine and listens on 8080. Here every listen on 8080, in whichever process
// of the tree, becomes a listen on the instance's own place: a loopback port or, where the instance has a network of its
// own that nobody reaches, a socket in the file system. So do the application's calls to itself.
// One target for all: a second listen fails with EADDRINUSE, and cluster workers share, exactly as on a machine of its own.

const { appendFileSync, readFileSync, unlinkSync, writeFileSync } = require('node:fs');
const { errorMonitor } = require('node:events');
const net = require('node:net');
const { resolve } = require('node:path');

const hostedPort = 8080;
const loopback = '127.0.0.1';
const ownHosts = new Set([
  'localhost',
  '127.0.0.1',
  '::1',
  '0.0.0.0',
  '::',
  '::ffff:127.0.0.1',
  '[::1]',
  '',
]);
const maxNotes = 32;
/** Node's own. */
const usualBacklog = 511;

/** `place` is `{ port }` or `{ path }`. Other ports are noted in `portsFile`. */
exports.mapOwnPort = function mapOwnPort(place, portsFile) {
  const target = place.path === undefined ? { port: place.port, host: loopback } : place;
  const { listen, address } = net.Server.prototype;
  const { connect } = net.Socket.prototype;

  net.Server.prototype.listen = function (...args) {
    const options = listenOptions(args);
    if (options === undefined || Number(options.port) !== hostedPort) {
      // The primary of a cluster listens in the name of its workers, with the place they have asked for.
      if (isPath(args[0], target.path)) clearSocket(target.path);
      noteOtherPort(this, address, { target, portsFile });
      return listen.apply(this, args);
    }
    this.once(errorMonitor, (error) => nameHostedPort(error, target));
    const callback = args.at(-1);
    const mapped = mapPlace(options, target);
    if (mapped.path !== undefined) {
      clearSocket(mapped.path);
      this.prependListener('connection', showLoopback);
      this.prependListener('secureConnection', showLoopback);
    }
    return typeof callback === 'function'
      ? listen.call(this, mapped, callback)
      : listen.call(this, mapped);
  };

  net.Server.prototype.address = function () {
    const own = address.call(this);
    if (own !== null && own === target.path) return { ...hostedAddress };
    return target.port !== undefined && own?.port === target.port
      ? { ...own, port: hostedPort }
      : own;
  };

  net.Socket.prototype.connect = function (...args) {
    return connect.apply(this, mapConnect(args, target));
  };
};

/** The worker of a cluster tells its primary the way from its own folder where that is shorter. */
function isPath(where, file) {
  const path = where?.path ?? where;
  return file !== undefined && typeof path === 'string' && resolve(path) === file;
}

/** The TCP port and host that a call of `listen` asks for, or undefined where it asks for something else. */
function listenOptions(args) {
  const [first, second, third] = args;
  if (typeof first === 'number' || typeof first === 'string') {
    return { port: first, backlog: Number(second) || Number(third) || undefined };
  }
  if (typeof first !== 'object' || first === null) return undefined;
  if (first._handle !== undefined || first.handle !== undefined || first.fd >= 0) return undefined;
  return 'port' in first ? first : undefined;
}

/** People who know only 8080 should read of 8080 when it is taken. */
function nameHostedPort(error, target) {
  const own = target.path ?? `${loopback}:${target.port}`;
  if (target.path === undefined ? error?.port !== target.port : error?.address !== own) return;
  const hosted = `${loopback}:${hostedPort}`;
  error.port = hostedPort;
  error.address = loopback;
  error.stack = String(error.stack).replaceAll(own, hosted);
  error.message = String(error.message).replaceAll(own, hosted);
}

function mapConnect(args, target) {
  const [first, second] = args;
  if (Array.isArray(first)) {
    // `net.connect` hands over its normalized arguments as one marked array: it must stay that array.
    first[0] = mapConnectOptions(first[0], target);
    return args;
  }
  if (typeof first === 'object' && first !== null) {
    return [mapConnectOptions(first, target), ...args.slice(1)];
  }
  if (Number(first) !== hostedPort) return args;
  const hasHost = typeof second === 'string';
  if (hasHost && !isOwnHost(second)) return args;
  return [target, ...args.slice(hasHost ? 2 : 1)];
}

function mapConnectOptions(options, target) {
  if (Number(options?.port) !== hostedPort || options.path || !isOwnHost(options.host)) {
    return options;
  }
  return mapPlace(options, target);
}

function mapPlace({ port: _port, host: _host, ...options }, target) {
  if (target.path === undefined) return { ...options, ...target };
  // Behind a full queue TCP lets others wait, and a socket refuses them.
  return { ...options, ...target, backlog: Math.max(options.backlog ?? 0, usualBacklog) };
}

function isOwnHost(host) {
  return host === undefined || host === null || ownHosts.has(String(host).toLowerCase());
}

const hostedAddress = { address: loopback, family: 'IPv4', port: hostedPort };

/**
 * The socket of a process that was killed stays in the folder and would refuse the next one. Who listens has left its
 * process id beside it: it is in the way for as long as that process runs, as a port would be.
 */
function clearSocket(file) {
  // The primary listens for a worker, and clears the way itself.
  if (require('node:cluster').isWorker) return;
  const owner = `${file}.pid`;
  try {
    const pid = Number(readFileSync(owner, 'utf8'));
    if (pid === process.pid || isRunning(pid)) return;
    unlinkSync(file);
  } catch {
    // Nobody has listened yet, or the socket went with its process.
  }
  try {
    writeFileSync(owner, String(process.pid));
  } catch {
    // Then the next process finds the socket in its way, and says so.
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const shownConnection = {
  remoteAddress: loopback,
  remoteFamily: 'IPv4',
  remotePort: 0,
  localAddress: loopback,
  localFamily: 'IPv4',
  localPort: hostedPort,
};

/** Applications ask who calls, and rate limiters insist: behind a socket it is the gateway, as on a loopback port. */
function showLoopback(socket) {
  for (const [name, value] of Object.entries(shownConnection)) {
    Object.defineProperty(socket, name, { value, configurable: true, enumerable: true });
  }
}

let notes = 0;

/** Other ports stay as they are. They are written down, for the day when nobody opened 8080. */
function noteOtherPort(server, address, { target, portsFile }) {
  if (notes >= maxNotes) return;
  server.once('listening', () => {
    const port = address.call(server)?.port;
    if (port === undefined || port === target.port || notes >= maxNotes) return;
    notes += 1;
    try {
      appendFileSync(portsFile, `${port}\n`);
    } catch {
      // A note is a courtesy to people; an application must not fail for want of it.
    }
  });
}
