'use strict';

// Loaded after the preload into the first process of an application, where that is started before it may begin: while its files are
// still compared. Its worker threads and some of its children load it, too, with the options that Node hands on; then there is nothing to
// wait for. The preload has left the option for this file in NODE_OPTIONS of the first process, and in that of nobody else.

const { closeSync, readSync } = require('node:fs');

const { leaveAt, directory, option } = __CONFIG__;

if (process.env.NODE_OPTIONS?.includes(option)) begin();

/** As if it had been started there and then. */
function begin() {
  if (!isGiven(leaveAt)) process.kill(process.pid, 'SIGKILL');
  const others = process.env.NODE_OPTIONS.replace(option, '').trim();
  if (others === '') delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = others;
  process.env.PWD = directory;
  try {
    process.chdir(directory);
  } catch {
    // Nothing in it can be read either: Node says so, of the file it was started with.
  }
}

/** Blocks: whatever would run meanwhile might be the application's. Where Berth is killed nothing comes. */
function isGiven(descriptor) {
  for (;;) {
    try {
      const count = readSync(descriptor, Buffer.alloc(1));
      closeSync(descriptor);
      return count === 1;
    } catch (error) {
      if (error.code !== 'EINTR') return false;
    }
  }
}
