import { stringify } from 'yaml';
import type { ApplicationType } from '../../src/core/application.ts';
import type { TestFiles } from './git-repository.ts';

/** An application of a connector that needs nothing installed. */
export interface TinyApplication {
  /** `service` unless given. */
  readonly type?: ApplicationType;
  /** Program of the application; `tinyServer` unless given. Started with plain `node server.cjs`. */
  readonly server?: string;
  /** Scripts of `package.json` besides `start`. */
  readonly packageScripts?: Readonly<Record<string, string>>;
  /** More of its entry in `connect.yaml`. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** More files of its folder; `null` leaves one out. */
  readonly files?: TestFiles;
}

/** The files of a connector's repository. */
export function tinyConnector(
  applications: Readonly<Record<string, TinyApplication>>,
  inheritAs?: Readonly<Record<string, unknown>>,
): TestFiles {
  const deployAs = Object.entries(applications).map(([name, { type = 'service', spec }]) => ({
    name,
    applicationType: type,
    ...(withEndpoint.has(type) ? { endpoint: `/${name}` } : {}),
    ...spec,
  }));
  const folders = Object.entries(applications).map(([name, application]) =>
    Object.entries(filesOf(name, application)).map(
      ([path, file]) => [`${name}/${path}`, file] as const,
    ),
  );
  return {
    'connect.yaml': stringify({ deployAs, ...(inheritAs === undefined ? {} : { inheritAs }) }),
    ...Object.fromEntries(folders.flat()),
  };
}

const withEndpoint: ReadonlySet<ApplicationType> = new Set(['service', 'event', 'job']);

function filesOf(
  name: string,
  { server = tinyServer, packageScripts, files }: TinyApplication,
): TestFiles {
  return {
    'package.json': JSON.stringify({
      name,
      version: '1.0.0',
      scripts: { start: 'node server.cjs', ...packageScripts },
    }),
    'server.cjs': server,
    ...files,
  };
}

/** `standardConfiguration` and `securedConfiguration` of a `connect.yaml`, every key optional. */
export function keys(standard: readonly string[], secured: readonly string[] = []) {
  const declare = (key: string) => ({ key, description: `The ${key}` });
  return {
    configuration: {
      standardConfiguration: standard.map(declare),
      securedConfiguration: secured.map(declare),
    },
  };
}

/**
 * Answers with the variable VALUE; paths that end in these words do more: `env/NAME` a variable's bytes, `pid`, `slow`
 * after 2 s, `crash` ends it with exit code 7, `received` what was posted, `fail/N` fails the next N posts.
 */
export const tinyServer = `
const http = require('node:http');
const received = [];
let failures = Number(process.env.FAILURES ?? 0);
const answer = (response, status, body) => response.writeHead(status).end(body);
http.createServer((request, response) => {
  const words = request.url.split('?')[0].split('/');
  const last = words.at(-1);
  if (request.method === 'POST') {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const fails = failures > 0;
      if (fails) failures--;
      received.push({ path: request.url, status: fails ? 500 : 204, headers: request.headers, body: Buffer.concat(chunks).toString() });
      answer(response, fails ? 500 : 204);
    });
    return;
  }
  if (words.at(-2) === 'env') return answer(response, 200, process.env[last] ?? 'unset');
  if (words.at(-2) === 'fail') { failures = Number(last); return answer(response, 200, 'ok'); }
  if (last === 'pid') return answer(response, 200, String(process.pid));
  if (last === 'received') return answer(response, 200, JSON.stringify(received));
  if (last === 'slow') return setTimeout(() => answer(response, 200, process.env.VALUE ?? 'unset'), 2000);
  if (last === 'crash') { console.error('told to crash'); process.exit(7); }
  answer(response, 200, process.env.VALUE ?? 'unset');
}).listen(8080, () => console.log('listens on 8080'));
process.once('SIGTERM', () => process.exit(0));
`;
