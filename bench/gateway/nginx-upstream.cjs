'use strict';

// An application that answers 2 KB as fast as a machine can: it finds out which port Berth has given it in the place of 8080, and
// leaves that to nginx. BENCH_COMMAND is how to start it, as JSON; BENCH_ANSWER_BYTES is how much it answers.

const { spawn } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const net = require('node:net');
const { join } = require('node:path');

const folder = process.env.TMPDIR;
const [file, ...args] = JSON.parse(process.env.BENCH_COMMAND);

const server = net.createServer().listen(8080, () => {
  const place = {};
  server._handle.getsockname(place);
  server.close(() => start(place.port));
});

function start(port) {
  const configuration = join(folder, 'nginx.conf');
  writeFileSync(configuration, configure(port));
  const nginx = spawn(file, [...args, '-p', folder, '-c', configuration], { stdio: 'inherit' });
  nginx.once('exit', (code) => process.exit(code ?? 1));
}

function configure(port) {
  const answer = 'x'.repeat(Number(process.env.BENCH_ANSWER_BYTES));
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid ${join(folder, 'nginx.pid')};
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  default_type text/plain;
  ${folders.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location / { return 200 ${answer}; }
    location = /busy/ports { return 200 ${port}; }
  }
}
`;
}
