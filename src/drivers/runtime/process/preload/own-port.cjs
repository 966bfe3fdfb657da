'use strict';

// As hosted, an application is alone on its machine and listens on 8080. Here every listen on 8080, in whichever process
// of the tree, becomes a listen on the instance's own loopback port, and so do the application's calls to itself.
// One target for all: a second listen fails with EADDRINUSE, and cluster workers share, exactly as on a machine of its own.

const { appendFileSync } = require('node:fs');
const { errorMonitor } = require('node:events');
const net = require('node:net');
const path = require('node:path');

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
const portsFile = path.join(__dirname, 'ports');
const maxNotes = 32;

exports.mapOwnPort = function mapOwnPort(target) {
  const { listen, address } = net.Server.prototype;
  const { connect } = net.Socket.prototype;

  net.Server.prototype.listen = function (...args) {
    const options = listenOptions(args);
    if (options === undefined || Number(options.port) !== hostedPort) {
      noteOtherPort(this, address, target);
      return listen.apply(this, args);
    }
    this.once(errorMonitor, (error) => nameHostedPort(error, target));
    const callback = args.at(-1);
    const mapped = { ...options, port: target, host: loopback };
    return typeof callback === 'function'
      ? listen.call(this, mapped, callback)
      : listen.call(this, mapped);
  };

  net.Server.prototype.address = function () {
    const own = address.call(this);
    return own?.port === target ? { ...own, port: hostedPort } : own;
  };

  net.Socket.prototype.connect = function (...args) {
    return connect.apply(this, mapConnect(args, target));
  };
};

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
  if (error?.port !== target) return;
  const own = `${loopback}:${target}`;
  const hosted = `${loopback}:${hostedPort}`;
  error.port = hostedPort;
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
  return [target, loopback, ...args.slice(hasHost ? 2 : 1)];
}

function mapConnectOptions(options, target) {
  if (Number(options?.port) !== hostedPort || options.path || !isOwnHost(options.host)) {
    return options;
  }
  return { ...options, port: target, host: loopback };
}

function isOwnHost(host) {
  return host === undefined || host === null || ownHosts.has(String(host).toLowerCase());
}

let notes = 0;

/** Other ports stay as they are. They are written down, for the day when nobody opened 8080. */
function noteOtherPort(server, address, target) {
  if (notes >= maxNotes) return;
  server.once('listening', () => {
    const port = address.call(server)?.port;
    if (port === undefined || port === target || notes >= maxNotes) return;
    notes += 1;
    try {
      appendFileSync(portsFile, `${port}\n`);
    } catch {
      // A note is a courtesy to people; an application must not fail for want of it.
    }
  });
}
