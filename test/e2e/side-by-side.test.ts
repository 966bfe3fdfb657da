import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, draftOf, previewConnector } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { ask } from '../support/request-loop.ts';
import { keys, tinyConnector } from '../support/tiny-connector.ts';

/** `/self` asks itself, as many connectors do, at the port it knows. */
const selfCallingServer = `
const http = require('node:http');
http.createServer((request, response) => {
  if (!request.url.endsWith('/self')) return response.end(process.env.VALUE);
  http.get('http://localhost:8080/', (own) => own.pipe(response));
}).listen(8080);
`;

describe('applications that all listen on 8080', () => {
  let berth: Berth;
  let repository: TestRepository;
  let connector: Answer;
  let deployments: readonly Answer[];
  const url = (index: number): string => deployments[index]?.body.applications[0].url;
  const draft = (value: string, key: string) => ({
    ...draftOf(connector),
    key,
    configurations: [
      { applicationName: 'app', standardConfiguration: [{ key: 'VALUE', value }] },
      { applicationName: 'handler' },
    ],
  });

  beforeAll(async () => {
    berth = await startBerth();
    repository = await createRepository({
      files: tinyConnector({
        app: { server: selfCallingServer, spec: keys(['VALUE']) },
        handler: { type: 'event' },
      }),
      tag: 'v1',
    });
    connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    deployments = await Promise.all([
      deploy(berth, draft('one', 'first')),
      deploy(berth, draft('two', 'second')),
    ]);
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await repository.remove();
  });

  test('run side by side, each behind a URL of its own', async () => {
    expect(deployments.map(({ body }) => body.status)).toEqual(['Deployed', 'Deployed']);
    expect(url(0)).not.toBe(url(1));
    const bodies = await Promise.all([ask(url(0)), ask(url(1))]);
    expect(bodies.map(({ body }) => body)).toEqual(['one', 'two']);
  });

  test('reach themselves at localhost:8080, and nobody else', async () => {
    const bodies = await Promise.all([ask(`${url(0)}/self`), ask(`${url(1)}/self`)]);
    expect(bodies.map(({ body }) => body)).toEqual(['one', 'two']);
  });

  test('and belong to one project cannot be seen, named or used from another', async () => {
    const [first] = deployments;
    const other = { id: 'other-client', secret: 'other-secret-with-some-length' };
    await berth.stop();
    await berth.start({
      BERTH_BOOTSTRAP_PROJECT_KEY: 'other-project',
      BERTH_BOOTSTRAP_CLIENT_ID: other.id,
      BERTH_BOOTSTRAP_CLIENT_SECRET: other.secret,
    });
    await expect.poll(async () => (await ask(url(0))).body, { timeout: 60_000 }).toBe('one');
    const token = await berth.token(other);
    const as = (method: string, path: string, body?: unknown) =>
      berth.request(method, path, body, token);
    const own = await deployInOther(as);

    const listed = await as('GET', '/other-project/deployments');
    expect(listed.body.results.map(({ id }: { id: string }) => id)).toEqual([own.body.id]);
    const { id, version } = first?.body ?? {};
    for (const ref of [id, 'key=second']) {
      expect((await as('GET', `/other-project/deployments/${ref}`)).status).toBe(404);
      expect((await as('GET', `/other-project/deployments/${ref}/logs`)).status).toBe(404);
      expect((await as('DELETE', `/other-project/deployments/${ref}`)).status).toBe(404);
      const change = { version, actions: [{ action: 'redeploy' }] };
      expect((await as('POST', `/other-project/deployments/${ref}`, change)).status).toBe(404);
      expect((await as('GET', `/test-project/deployments/${ref}`)).status).toBe(403);
      expect((await as('DELETE', `/test-project/deployments/${ref}`)).status).toBe(403);
    }
    expect((await as('GET', `/connectors/drafts/${connector.body.id}`)).status).toBe(404);
    expect((await as('GET', '/connectors/drafts')).body.total).toBe(1);
    const foreign = await as('POST', '/other-project/deployments', draft('three', 'third'));
    expect(foreign.body.errors[0].code).toBe('ConnectorReferenceNotFound');
    const topic = first?.body.applications[1].topic;
    const messages = { messages: [{ data: btoa('hello') }] };
    const published = await as(
      'POST',
      `/v1/projects/other-project/topics/${topic}:publish`,
      messages,
    );
    expect(published.status).toBe(404);

    expect((await ask(own.body.applications[0].url)).body).toBe('theirs');
    expect((await ask(url(0))).body).toBe('one');
  });

  /** The same connector under the same key: what is derived from them must differ. */
  async function deployInOther(as: (...request: [string, string, unknown?]) => Promise<Answer>) {
    const created = await as('POST', '/connectors/drafts', {
      name: 'The same',
      creator: { email: 'somebody@example.com' },
      repository: { url: repository.url, tag: 'v1' },
    });
    const path = `/connectors/drafts/${created.body.id}`;
    await as('POST', path, {
      version: created.body.version,
      actions: [{ action: 'updatePreviewable' }],
    });
    await expect
      .poll(async () => (await as('GET', path)).body.isPreviewable, { timeout: 60_000 })
      .toBe('true');
    const theirs = {
      ...draft('theirs', 'first'),
      connector: { id: created.body.id, staged: true },
    };
    const { body } = await as('POST', '/other-project/deployments', theirs);
    const read = () => as('GET', `/other-project/deployments/${body.id}`);
    await expect.poll(async () => (await read()).body.status, { timeout: 60_000 }).toBe('Deployed');
    const answer = await read();
    expect(answer.body.applications[0].url).not.toBe(url(0));
    return answer;
  }
});
