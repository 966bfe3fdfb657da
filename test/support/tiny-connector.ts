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
 * after 2 s, `endless` never to its end, `crash` ends it with exit code 7.
 */
export const tinyServer = `
const http = require('node:http');
const answer = (response, status, body) => response.writeHead(status).end(body);
http.createServer((request, response) => {
  const words = request.url.split('?')[0].split('/');
  const last = words.at(-1);
  if (request.method === 'POST') {
    request.resume();
    return request.on('end', () => answer(response, 204));
  }
  if (words.at(-2) === 'env') return answer(response, 200, process.env[last] ?? 'unset');
  if (last === 'pid') return answer(response, 200, String(process.pid));
  if (last === 'slow') return setTimeout(() => answer(response, 200, process.env.VALUE ?? 'unset'), 2000);
  if (last === 'endless') { response.writeHead(200); return setInterval(() => response.write('.'), 50); }
  if (last === 'crash') { console.error('told to crash'); process.exit(7); }
  answer(response, 200, process.env.VALUE ?? 'unset');
}).listen(8080, () => console.log('listens on 8080'));
process.once('SIGTERM', () => process.exit(0));
`;
