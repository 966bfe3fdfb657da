'use strict';

// Loaded into every Node process of an application before its own code, by NODE_OPTIONS or by the `node` shim.
// Written for each instance as one file with the others and its `config.json`, so that no variable of Berth's reaches the application.
// Runs on whatever Node the application asks for, and adds to the start of each: keep it small and free of imports.

const config = require('./config.json');

require('./child-processes.cjs').followChildProcesses(config.nodeOptions);
if (config.place !== undefined)
  require('./own-port.cjs').mapOwnPort(config.place, config.portsFile);
require('./link-local.cjs').refuseLinkLocal();
if (config.platformRedirect !== undefined) {
  require('./platform-redirect.cjs').redirectPlatform(config.platformRedirect);
}
// Makes `import { listen, request, … } from 'node:…'` see what was replaced above.
require('node:module').syncBuiltinESMExports();
