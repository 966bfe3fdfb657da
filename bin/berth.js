#!/usr/bin/env node
// Plain JavaScript that older versions of Node read: they only start the Node 24 that was installed beside Berth.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;

if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
  await import('../src/cli/berth.ts');
} else {
  const node = findNode();
  if (node === undefined) explain();
  else runAgain(node);
}

/** One of the optional packages, of which npm installs the one that fits the machine. */
function findNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const program = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  const require = createRequire(import.meta.url);
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      return join(dirname(require.resolve(`${name}/package.json`)), program);
    } catch {
      // Not installed, or there is none for this machine.
    }
  }
  return undefined;
}

function explain() {
  process.stderr.write(
    `berth: Berth needs Node ${neededMajor}, and this is ${process.version}.\n` +
      `Install Node ${neededMajor}, or install Berth together with its optional packages (npm install --include=optional).\n`,
  );
  process.exitCode = 1;
}

function runAgain(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  child.once('error', (error) => {
    process.stderr.write(`berth: Could not start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    for (const name of signals) process.off(name, forward);
    // Whoever waits for this process sees the end that the other one came to.
    if (signal === null) process.exitCode = code ?? 1;
    else {
      process.exitCode = 128 + (constants.signals[signal] ?? 0);
      process.kill(process.pid, signal);
    }
  });
}
