'use strict';

// NODE_OPTIONS is how this preload reaches the next Node process, and nothing an application should have to know about:
// it is taken out of the application's own environment and put back into the environment of each process it starts.
// That also covers children that are given an environment of their own, and tools that put another `node` first on PATH.

const childProcess = require('node:child_process');
const path = require('node:path');

const shimFolder = path.join(path.dirname(__dirname), 'bin');

exports.followChildProcesses = function followChildProcesses(ours) {
  hide(ours);

  const { spawn } = childProcess.ChildProcess.prototype;
  childProcess.ChildProcess.prototype.spawn = function (options) {
    if (Array.isArray(options?.envPairs)) {
      options.envPairs = followPairs(options.envPairs, ours);
    }
    return spawn.call(this, options);
  };

  for (const name of ['spawnSync', 'execSync', 'execFileSync']) {
    const original = childProcess[name];
    childProcess[name] = { [name]: (...args) => original(...followArguments(args, ours)) }[name];
  }
};

function hide(ours) {
  const current = process.env.NODE_OPTIONS;
  if (current === undefined || !current.includes(ours)) return;
  const own = current
    .split(ours)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join(' ');
  if (own === '') delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = own;
}

function followPairs(pairs, ours) {
  const others = pairs.filter((pair) => !/^(?:NODE_OPTIONS|PATH)=/.test(pair));
  const environment = {};
  for (const pair of pairs) {
    if (pair.startsWith('NODE_OPTIONS=')) environment.NODE_OPTIONS = pair.slice(13);
    if (pair.startsWith('PATH=')) environment.PATH = pair.slice(5);
  }
  const followed = follow(environment, ours);
  return [...others, ...Object.entries(followed).map(([key, value]) => `${key}=${value}`)];
}

/** The options are the last argument of all three, after a command and perhaps a list of arguments. */
function followArguments(args, ours) {
  const given = [...args];
  while (given.length > 1 && (given.at(-1) === undefined || given.at(-1) === null)) given.pop();
  const last = given.at(-1);
  const options =
    given.length > 1 && typeof last === 'object' && !Array.isArray(last) ? given.pop() : {};
  return [...given, { ...options, env: follow(options.env ?? process.env, ours) }];
}

/** Ours come first, so that the same option set by the application wins. */
function follow(environment, ours) {
  const followed = { ...environment };
  const own = environment.NODE_OPTIONS ?? '';
  if (!own.includes(ours)) followed.NODE_OPTIONS = own === '' ? ours : `${ours} ${own}`;
  if (environment.PATH !== undefined && !environment.PATH.startsWith(shimFolder)) {
    followed.PATH = `${shimFolder}:${environment.PATH}`;
  }
  return followed;
}
