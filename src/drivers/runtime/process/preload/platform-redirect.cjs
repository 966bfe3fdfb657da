'use strict';

// Connectors build the platform's host names from a region and leave no setting to change them. With another base URL for
// the project (a mock, a private core), their calls are sent there on the way out: path, query, method, headers and body stay.

const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const tls = require('node:tls');
const { urlToHttpOptions } = require('node:url');

exports.redirectPlatform = function redirectPlatform({ apiUrl, authUrl }) {
  const bases = { api: new URL(apiUrl), auth: new URL(authUrl) };
  redirectRequests(bases);
  redirectFetch(bases);
  redirectTls(bases);
};

/** `auth.*` goes to the token service; every other host of the platform to the API. */
function baseFor(bases, host) {
  const name = String(host ?? '').toLowerCase();
  if (!name.endsWith('.commercetools.com')) return undefined;
  return name.startsWith('auth.') ? bases.auth : bases.api;
}

function withBasePath(base, path) {
  return base.pathname.replace(/\/+$/, '') + path;
}

function redirectRequests(bases) {
  const originals = { 'http:': http.request, 'https:': https.request };
  for (const [protocol, client] of [
    ['http:', http],
    ['https:', https],
  ]) {
    const request = (...args) => {
      const { options, callback } = requestOptions(args);
      const base = baseFor(bases, hostOf(options));
      if (base === undefined || options.socketPath) return originals[protocol](...args);
      return originals[base.protocol](redirectOptions(options, protocol, base), callback);
    };
    client.request = request;
    client.get = function get(...args) {
      const outgoing = request(...args);
      outgoing.end();
      return outgoing;
    };
  }
}

function requestOptions(args) {
  const [first, second] = args;
  const callback = args.findLast((arg) => typeof arg === 'function');
  if (typeof first !== 'string' && !(first instanceof URL)) {
    return { options: first ?? {}, callback };
  }
  const more = typeof second === 'object' && second !== null ? second : {};
  const url = typeof first === 'string' && URL.canParse(first) ? new URL(first) : first;
  const fromUrl = url instanceof URL ? urlToHttpOptions(url) : {};
  return { options: { ...fromUrl, ...more }, callback };
}

function hostOf(options) {
  return options.hostname ?? String(options.host ?? '').replace(/:\d+$/, '');
}

function redirectOptions(options, protocol, base) {
  const hostname = base.hostname.replace(/^\[|\]$/g, '');
  const redirected = {
    ...options,
    protocol: base.protocol,
    hostname,
    host: hostname,
    port: portOf(base),
    path: withBasePath(base, options.path ?? '/'),
    headers: withoutHost(options.headers),
  };
  for (const key of ['servername', 'defaultPort', '_defaultAgent', 'href', 'origin']) {
    delete redirected[key];
  }
  // An agent speaks one protocol only.
  if (base.protocol !== protocol && redirected.agent !== false) delete redirected.agent;
  return redirected;
}

function portOf(base) {
  if (base.port !== '') return Number(base.port);
  return base.protocol === 'https:' ? 443 : 80;
}

/** Node then names the host that is really called. */
function withoutHost(headers) {
  if (headers === undefined || headers === null || Array.isArray(headers)) return headers;
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'host'),
  );
}

function redirectFetch(bases) {
  const original = globalThis.fetch;
  if (original === undefined) return;
  globalThis.fetch = function fetch(input, init = undefined) {
    const text = input instanceof URL || typeof input === 'string' ? String(input) : input?.url;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const base = baseFor(bases, url?.hostname);
    if (base === undefined) return original(input, init);
    const target = base.origin + withBasePath(base, url.pathname) + url.search;
    if (typeof input === 'string' || input instanceof URL) return original(target, init);
    return original(new Request(target, input), init);
  };
}

/**
 * For clients that open their connections themselves, such as undici from npm: their requests arrive as they are, with
 * the platform's name as Host and without the base's own path.
 */
function redirectTls(bases) {
  const original = tls.connect;
  tls.connect = function connect(...args) {
    const [options, callback] = args;
    const base = typeof options === 'object' ? baseFor(bases, options?.host) : undefined;
    if (base === undefined || options.socket) return original(...args);
    const host = base.hostname.replace(/^\[|\]$/g, '');
    const target = { ...options, host, port: portOf(base), servername: host };
    if (base.protocol === 'https:') return original(target, callback);
    return connectPlainly(target, callback);
  };
}

function connectPlainly(options, callback) {
  const socket = net.connect({ host: options.host, port: options.port });
  Object.assign(socket, { encrypted: true, authorized: true, alpnProtocol: false });
  socket.once('connect', () => socket.emit('secureConnect'));
  if (typeof callback === 'function') socket.once('secureConnect', callback);
  return socket;
}
