import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { findFreePort } from '../../src/drivers/runtime/process/free-port.ts';
import type { Processors } from '../http/processors.ts';
import { bodyOf, until } from '../redeploy/until.ts';

/** Something that passes requests on to the upstream, and writes each down. */
export interface ProxyPlace {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Setting {
  readonly program: string;
  readonly processors: Processors;
  readonly upstreamPort: number;
}

const pollMs = 20;

export async function startNginx(setting: Setting): Promise<ProxyPlace & AsyncDisposable> {
  return startProxy(setting, async (folder, port) => {
    const file = join(folder, 'nginx.conf');
    await writeFile(file, nginxConfiguration(folder, { ...setting, port }));
    return { args: ['-p', folder, '-c', file], environment: {} };
  });
}

export async function startCaddy(setting: Setting): Promise<ProxyPlace & AsyncDisposable> {
  return startProxy(setting, async (folder, port) => {
    const file = join(folder, 'Caddyfile');
    await writeFile(file, caddyConfiguration(folder, { ...setting, port }));
    const home = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
    return {
      args: ['run', '--config', file, '--adapter', 'caddyfile'],
      environment: { ...home, GOMAXPROCS: '1' },
    };
  });
}

async function startProxy(
  { program, processors }: Setting,
  prepare: (
    folder: string,
    port: number,
  ) => Promise<{
    readonly args: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  }>,
): Promise<ProxyPlace & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-proxy-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const port = await findFreePort(() => true);
  const { args, environment } = await prepare(folder, port);
  const [file, ...rest] = processors.measured([program, ...args]);
  const child = execa(file, rest, {
    ...{ env: environment, stdin: 'ignore', buffer: false, reject: false },
    ...{ stdout: 'ignore', stderr: { file: join(folder, 'stderr.log') } },
  });
  stack.defer(async () => {
    child.kill('SIGTERM');
    await child;
  });
  const url = `http://127.0.0.1:${port}`;
  await until(`${program} answers`, pollMs, () => bodyOf(url));
  const opened = stack.move();
  return { url, headers: {}, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

interface Places {
  readonly port: number;
  readonly upstreamPort: number;
}

/** As its documentation has it for an upstream with connections that stay open; the log is the one that Debian switches on. */
function nginxConfiguration(folder: string, { port, upstreamPort }: Places): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log stderr;
events { worker_connections 4096; }
http {
  access_log ${join(folder, 'access.log')};
  keepalive_requests 1000000000;
  ${folders.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ')}
  upstream application { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://application;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header X-Correlation-ID $request_id;
    }
  }
}
`;
}

/** It sets the same headers by itself, but for the correlation id. */
function caddyConfiguration(folder: string, { port, upstreamPort }: Places): string {
  return `
{
	admin off
	auto_https off
}
http://127.0.0.1:${port} {
	log {
		output file ${join(folder, 'access.log')} {
			roll_disabled
		}
	}
	reverse_proxy 127.0.0.1:${upstreamPort} {
		header_up X-Correlation-ID {http.request.uuid}
	}
}
`;
}
