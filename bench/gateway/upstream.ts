import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Berth, startBerth } from '../../test/support/berth.ts';
import { deploy, draftOf, previewConnector } from '../../test/support/deploy.ts';
import { createRepository } from '../../test/support/git-repository.ts';
import { keys, tinyConnector } from '../../test/support/tiny-connector.ts';
import type { Processors } from '../http/processors.ts';
import { until } from '../redeploy/until.ts';

export const answerBytes = 2048;
const pollMs = 20;
/** In MB, from the start: it makes a lot that nobody keeps. */
const youngObjects = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

/** An application, deployed by a Berth that runs as people start it. */
export interface Upstream {
  /** How the gateway knows it. */
  readonly host: string;
  readonly path: string;
  /** Where it answers itself, to whoever asks: the other proxies have the same upstream. */
  readonly port: number;
}

export interface DeployedUpstreams extends AsyncDisposable {
  readonly berth: Berth;
  readonly deploymentId: string;
  /** Quicker than any proxy before it. */
  readonly busy: Upstream;
  /** Has its client in the same program, which takes loads at `loads`. */
  readonly steady: Upstream & { readonly loads: string };
}

export async function deployUpstreams(
  nginx: string,
  processors: Processors,
  environment: Readonly<Record<string, string>>,
): Promise<DeployedUpstreams> {
  await using stack = new AsyncDisposableStack();
  // Without networks of their own: behind a socket of its own no other proxy could ask the application the same way.
  const berth = stack.use(
    await startBerth({ environment: { ...environment, BERTH_APPS_DOMAIN: 'example.com' } }),
  );
  const applications = {
    busy: {
      server: await programOf('nginx-upstream.cjs'),
      command: processors.others([nginx]),
    },
    steady: {
      server: await programOf('client-and-upstream.cjs'),
      command: processors.others([process.execPath, ...youngObjects]),
    },
  };
  const deployment = await deployApplications(berth, applications);
  const hostOf = (name: string): string => {
    const { url } = deployment.applications.find(
      ({ applicationName }: { readonly applicationName: string }) => applicationName === name,
    );
    return new URL(url).host;
  };
  const find = async (name: keyof typeof applications) => {
    const place = { host: hostOf(name), path: `/${name}` };
    const { answer } = await until(`${name} answers`, pollMs, () => askPorts(berth, place));
    const [port = Number.NaN, loads = Number.NaN] = answer;
    return { ...place, port, loads: `http://127.0.0.1:${loads}` };
  };
  const [busy, steady] = [await find('busy'), await find('steady')];
  const opened = stack.move();
  return {
    ...{ berth, deploymentId: deployment.id, busy, steady },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function programOf(file: string): Promise<string> {
  return readFile(new URL(file, import.meta.url), 'utf8');
}

async function deployApplications(
  berth: Berth,
  applications: Readonly<
    Record<string, { readonly server: string; readonly command: readonly string[] }>
  >,
) {
  const named = Object.entries(applications);
  const spec = keys(['BENCH_COMMAND', 'BENCH_ANSWER_BYTES']);
  await using repository = await createRepository({
    files: tinyConnector(
      Object.fromEntries(named.map(([name, { server }]) => [name, { server, spec }])),
    ),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const configurations = named.map(([applicationName, { command }]) => ({
    applicationName,
    standardConfiguration: [
      { key: 'BENCH_COMMAND', value: JSON.stringify(command) },
      { key: 'BENCH_ANSWER_BYTES', value: String(answerBytes) },
    ],
    securedConfiguration: [],
  }));
  const { body } = await deploy(berth, { ...draftOf(connector), configurations });
  if (body.status !== 'Deployed')
    throw new Error(`The upstreams were not deployed:\n${JSON.stringify(body, undefined, 2)}`);
  return body;
}

/** Ports by themselves, and undefined while it does not answer so. */
async function askPorts(
  { gateway }: Berth,
  { host, path }: Pick<Upstream, 'host' | 'path'>,
): Promise<readonly number[] | undefined> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${gateway}${path}/ports`, { headers: { host }, agent: false }, resolve).once(
      'error',
      reject,
    );
  });
  const said = await text(response);
  return response.statusCode === 200 && /^[\d ]+$/.test(said)
    ? said.split(' ').map(Number)
    : undefined;
}
