'use strict';

// What Node has compiled of an application is kept for its next start (`module.enableCompileCache`, Node 22 and later). Each
// start has a folder of its own for it, in TMPDIR: what an earlier one left is unpacked there, and what is new is sent to Berth a
// moment after the application listens. Whatever goes wrong, the application is only slower.

const { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

/** By then most of what an application needs is loaded. */
const settledMs = 1_000;
const headBytes = 4;
/** A folder for each version of Node, and files in it. */
const ofNode = /^v[\w.-]+\/\w+$/;

/** Of `stored` there may be none. @returns what is to be called once the application listens */
exports.keepCompiled = function keepCompiled({ stored, socket }) {
  const { enableCompileCache, flushCompileCache, constants } = Module;
  if (typeof flushCompileCache !== 'function') return () => undefined;
  const folder = path.join(os.tmpdir(), 'node-compile-cache');
  const known = unpack(stored, folder);
  const { status } = enableCompileCache(folder);
  // The application has its own, or wants none.
  if (status !== constants.compileCacheStatus.ENABLED) return () => undefined;
  let isSent = false;
  return function listens() {
    if (isSent) return;
    isSent = true;
    setTimeout(() => {
      try {
        flushCompileCache();
        const files = list(folder);
        if (files.some(({ name, mtimeMs }) => known.get(name) !== mtimeMs))
          send(socket, folder, files);
      } catch {
        // Nothing is sent.
      }
    }, settledMs).unref();
  };
};

/** @returns when each file was written, by name */
function unpack(stored, folder) {
  try {
    const pack = readFileSync(stored);
    const bodyAt = headBytes + pack.readUInt32LE(0);
    let at = bodyAt;
    // Another process of the application was here first: it throws, and all is well.
    mkdirSync(folder);
    for (const [name, length] of JSON.parse(pack.toString('utf8', headBytes, bodyAt))) {
      if (!ofNode.test(name)) break;
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, pack.subarray(at, at + length));
      at += length;
    }
    return new Map(list(folder).map(({ name, mtimeMs }) => [name, mtimeMs]));
  } catch {
    return new Map();
  }
}

/** Node has a folder for each of its versions. */
function list(folder) {
  return readdirSync(folder).flatMap((version) =>
    readdirSync(path.join(folder, version)).map((file) => {
      const name = `${version}/${file}`;
      const { mtimeMs } = statSync(path.join(folder, name));
      return { name, mtimeMs };
    }),
  );
}

function send(socket, folder, files) {
  const bodies = files.map(({ name }) => readFileSync(path.join(folder, name)));
  const head = Buffer.from(
    JSON.stringify(files.map(({ name }, index) => [name, bodies[index].length])),
  );
  const length = Buffer.alloc(headBytes);
  length.writeUInt32LE(head.length);
  const connection = net.connect(socket);
  connection.on('error', () => undefined);
  connection.unref();
  connection.end(Buffer.concat([length, head, ...bodies]));
}
