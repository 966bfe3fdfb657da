'use strict';

// Loaded after the preload, and only into the first process of an application, where that is started before it may begin: while its
// files are still compared. NODE_OPTIONS names it there, and for nobody else.

const { closeSync, readSync } = require('node:fs');

const { leaveAt, directory } = __CONFIG__;

if (!isGiven(leaveAt)) process.kill(process.pid, 'SIGKILL');
// As if it had been started there and then.
delete process.env.NODE_OPTIONS;
process.env.PWD = directory;
process.chdir(directory);

/** Blocks: whatever would run meanwhile might be the application's. Where Berth is gone nothing comes. */
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
