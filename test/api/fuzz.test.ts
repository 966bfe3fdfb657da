import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildDocument } from '../../src/control-plane/api/openapi/document.ts';
import { routes } from '../../src/control-plane/api/routes.ts';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { deploy, previewConnector } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { answerCheck, type Described, operationsOf } from '../support/openapi.ts';
import { requestsOf, show } from './fuzz-requests.ts';
import type { Known } from './fuzz-values.ts';
import { shopDraft, shopFiles, values } from './shop-connector.ts';
import { publishConnector, send } from './support.ts';

const document = JSON.parse(JSON.stringify(buildDocument(routes)));
const operations = operationsOf(document);
/** Once it is deleted, less is left to find. */
const [last = [], first = []] = [true, false].map((isDelete) =>
  operations.filter(({ method }) => (method === 'DELETE') === isDelete),
);
const inputs = 6_000;
const inputsEach = Math.ceil(inputs / operations.length);
const slowMs = 5_000;
/** Everything was used before it is measured; a leak of 40 KB for each request is more than this. */
const growthBytes = 100 * 1024 * 1024;

const checkAnswer = answerCheck(document);
/** Statuses by operation: inputs that are all refused at the door would prove nothing. */
const seen = new Map<string, Set<number>>();

let berth: Berth;
let repository: TestRepository;
let shop: Shop;
let authorization: string;

interface Shop {
  readonly staged: Answer;
  readonly connector: Answer;
  readonly deployments: readonly Answer[];
  readonly clients: readonly Answer[];
  readonly operations: readonly string[];
  /** Of their job, one for each Deployment. */
  readonly runs: readonly string[];
}

beforeAll(async () => {
  [berth, repository] = await Promise.all([
    // Little, so that what grows is not merely garbage.
    startBerth({ environment: { NODE_OPTIONS: '--max-old-space-size=256' } }),
    createRepository({ files: shopFiles, tag: 'v1' }),
  ]);
  authorization = `Bearer ${await berth.token()}`;
  const staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
  const connector = await publishConnector(berth, staged);
  const draft = (key: string) =>
    shopDraft(connector, {
      configurations: [values('pictures'), values('handler'), values('tick')],
      key,
    });
  const client = {
    name: 'spare',
    scope: `view_connectors:${berth.projectKey}`,
  };
  const spare = {
    creator: { email: 'a@example.com' },
    repository: { url: repository.url, tag: 'v1' },
  };
  const deployments = await Promise.all([
    deploy(berth, draft('shop-1')),
    deploy(berth, draft('shop-2')),
  ]);
  const { body: done } = await berth.request('GET', `/${berth.projectKey}/operations`);
  const runs = await Promise.all(
    deployments.map(({ body: { id } }) =>
      berth.request('POST', `/${berth.projectKey}/deployments/${id}/jobs/tick/run`),
    ),
  );
  shop = {
    runs: runs.map(({ body }) => body.id),
    operations: done.results.map(({ id }: { id: string }) => id),
    staged,
    connector,
    deployments,
    clients: [await berth.request('POST', `/${berth.projectKey}/api-clients`, client)],
  };
  for (const key of ['spare-1', 'spare-2'])
    await berth.request('POST', '/connectors/drafts', { ...spare, key, name: key });
});
afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

describe.each(first)('$method $path', (described) => {
  test('answers whatever comes as the description says', { timeout: 240_000 }, () =>
    run(described, inputsEach),
  );
});

test('memory does not grow with what comes', { timeout: 240_000 }, async () => {
  const before = await residentBytes();
  for (const described of first) await run(described, Math.ceil(inputsEach / 2));
  const grown = (await residentBytes()) - before;

  expect(grown).toBeLessThan(growthBytes);
});

describe.each(last)('$method $path', (described) => {
  test('answers whatever comes as the description says', { timeout: 240_000 }, () =>
    run(described, inputsEach),
  );
});

test('most operations were used as they are meant, too', () => {
  const used = [...seen].filter(([, statuses]) => [...statuses].some((status) => status < 300));
  const unused = [...seen.keys()].filter((name) => !used.some(([one]) => one === name));

  expect(seen.size).toBe(operations.length);
  expect(used.length / operations.length, `Always refused: ${unused.join(', ')}`).toBeGreaterThan(
    0.7,
  );
});

async function run(described: Described, numRuns: number): Promise<void> {
  const statuses = new Set<number>();
  const requests = requestsOf(document, described, {
    known: knownTo(described),
    examples: examplesOf(described),
    authorization: 'client' in (described.operation.security[0] ?? {}) ? basic() : authorization,
  });
  let story = '';
  const property = fc.asyncProperty(requests, async (request) => {
    story = show(request);
    const started = performance.now();
    const answer = await send(berth, request);
    const spentMs = performance.now() - started;
    statuses.add(answer.status);
    const mistake = mistakeOf(described, answer, spentMs);
    if (mistake !== undefined)
      throw new Error(
        `${mistake}\n→ ${answer.status} ${JSON.stringify(answer.body).slice(0, 2000)}`,
      );
  });
  const { failed, seed, counterexamplePath, errorInstance } = await fc.check(property, { numRuns });
  const name = `${described.method} ${described.path}`;
  seen.set(name, (seen.get(name) ?? new Set()).union(statuses));
  // Not the counterexample as fast-check prints it: it may be a megabyte.
  if (failed)
    throw new Error(`Seed ${seed}, path ${counterexamplePath}. ${story}\n${errorInstance}`);
}

function mistakeOf(described: Described, answer: Answer, spentMs: number): string | undefined {
  if (answer.status >= 500) return 'A mistake of Berth';
  if (spentMs > slowMs) return `It took ${spentMs} ms`;
  // A spoilt path may lead to no endpoint.
  const isNowhere = answer.status === 404 && /^There is no [A-Z]+ /.test(answer.body.message);
  return isNowhere ? undefined : checkAnswer(described, answer);
}

/** What the names of fields and parameters may stand for. */
function knownTo({ path }: Described): Known {
  const project = berth.projectKey;
  const { connector, deployments, clients } = shop;
  const isNamed = (noun: string) => path.includes(`/${noun}`);
  const ids = isNamed('deployments') ? deployments : isNamed('api-clients') ? clients : [connector];
  return {
    projectKey: [project],
    project: [project],
    id: path.startsWith('/{projectKey}/operations')
      ? shop.operations
      : ids.map(({ body }) => body.id),
    key: isNamed('deployments')
      ? ['shop-1', 'shop-2', 'VALUE', 'NEEDED', 'MODE', 'TOKEN', 'STREET', 'SHARED']
      : ['spare-1', 'spare-2'],
    version: [1, 2, 3, 4, 5],
    applicationName: isNamed('jobs') ? ['tick'] : ['web', 'handler', 'tick', 'pictures'],
    runId: shop.runs,
    url: [repository.url, 'file:///nowhere/at/all.git'],
    tag: ['v1', 'v2'],
    email: ['somebody@example.com'],
    privateProjects: [`europe-west1.gcp:${project}`],
    privateProject: [`europe-west1.gcp:${project}`],
    region: ['europe-west1.gcp'],
    // So many that most are used once, and some again.
    'idempotency-key': Array.from({ length: 2_000 }, (_, number) => `key-${number}`),
    'if-match': ['*', '"1"', '"2"'],
    schedule: ['@daily', '0 3 * * *'],
    startDate: [new Date(Date.now() - 3_600_000).toISOString()],
    endDate: [new Date().toISOString()],
    topic: topics(),
    data: ['', 'eyJhIjoxfQ=='],
    scope: [`view_connectors:${project}`],
    token: [authorization.slice('Bearer '.length)],
    client_id: [berth.client.id],
    client_secret: [berth.client.secret],
  };
}

/** Bodies that get far, of operations that take many fields. */
function examplesOf({ operation: { operationId } }: Described): readonly unknown[] {
  const draft = shopDraft(shop.connector, { configurations: [values('pictures')] });
  const action = {
    action: 'redeploy',
    skipScripts: true,
    configurationValues: [values('pictures')],
    globalConfiguration: draft.globalConfiguration,
  };
  if (operationId === 'createDeployment')
    return [draft, { ...draft, key: 'fuzzed', type: 'sandbox' }];
  if (operationId.startsWith('redeployDeployment'))
    return [1, 2, 3].map((version) => ({ version, actions: [action] }));
  if (operationId === 'publishMessages') return [{ messages: [{ data: 'eyJhIjoxfQ==' }] }];
  if (operationId === 'redeliverMessages') return [{ messageIds: ['1', '2'] }];
  return [];
}

function topics(): readonly string[] {
  return shop.deployments.flatMap(({ body }) =>
    body.applications.flatMap(({ topic = [] }: { topic?: string | [] }) => topic),
  );
}

function basic(): string {
  return `Basic ${btoa(`${berth.client.id}:${berth.client.secret}`)}`;
}

async function residentBytes(): Promise<number> {
  const pid = String(berth.pidOf('control'));
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', pid]);
  return Number(stdout) * 1024;
}
