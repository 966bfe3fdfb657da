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
const name = 'upstream';
const pollMs = 20;

/** A deployed application that is quicker than any proxy before it, in a Berth that runs as people start it. */
export interface DeployedUpstream extends AsyncDisposable {
  readonly berth: Berth;
  readonly deploymentId: string;
  /** How the gateway knows it. */
  readonly host: string;
  /** Where it answers itself, to whoever asks: the other proxies have the same upstream. */
  readonly port: number;
}

export async function deployUpstream(
  nginx: string,
  processors: Processors,
  environment: Readonly<Record<string, string>>,
): Promise<DeployedUpstream> {
  await using stack = new AsyncDisposableStack();
  // Without networks of their own: behind a socket of its own no other proxy could ask the application the same way.
  const berth = stack.use(
    await startBerth({ environment: { ...environment, BERTH_APPS_DOMAIN: 'example.com' } }),
  );
  const values = {
    BENCH_NGINX: JSON.stringify(processors.others([nginx])),
    BENCH_ANSWER_BYTES: String(answerBytes),
  };
  const server = await readFile(new URL('./nginx-upstream.cjs', import.meta.url), 'utf8');
  await using repository = await createRepository({
    files: tinyConnector({ [name]: { server, spec: keys(Object.keys(values)) } }),
    tag: 'v1',
  });
  const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const configuration = Object.entries(values).map(([key, value]) => ({ key, value }));
  const { body } = await deploy(berth, {
    ...draftOf(connector),
    configurations: [
      {
        applicationName: name,
        standardConfiguration: configuration,
        securedConfiguration: [],
      },
    ],
  });
  if (body.status !== 'Deployed')
    throw new Error(`The upstream was not deployed:\n${JSON.stringify(body, undefined, 2)}`);
  const { host } = new URL(body.applications[0].url);
  const { answer } = await until('The upstream answers', pollMs, () => askPort(berth, host));
  const opened = stack.move();
  return {
    ...{ berth, deploymentId: body.id, host, port: answer },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function askPort({ gateway }: Berth, host: string): Promise<number | undefined> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${gateway}/${name}/port`, { headers: { host }, agent: false }, resolve).once(
      'error',
      reject,
    );
  });
  const said = await text(response);
  return response.statusCode === 200 && /^\d+$/.test(said) ? Number(said) : undefined;
}
