import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shopFiles } from '../api/shop-connector.ts';
import type { Answer } from '../support/berth.ts';
import { type ControlPlane, openControlPlane } from '../support/control-plane.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { type Call, callsOfSequence, type Move, sequence } from './calls.ts';
import { type Known, Reference, type RollbackCall, type Values } from './reference.ts';

const sequences = 1000;
const workers = 2;
const project = 'model-project';

let folder: string;
let repository: TestRepository;
let plane: ControlPlane;
let tokens: { readonly own: string; readonly foreign: string };
let connectorId: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-model-'));
  repository = await createRepository({ files: shopFiles, tag: 'v1' });
  plane = await openControlPlane(folder, workers);
  tokens = { own: await plane.token(project), foreign: await plane.token('other-project') };
  connectorId = await publishShop();
});

afterAll(async () => {
  await plane?.[Symbol.asyncDispose]();
  await repository?.remove();
  await rm(folder, { recursive: true, force: true });
});

const own = (method: string, path: string, body?: unknown): Promise<Answer> =>
  plane.request(method, path, body, tokens.own);
const pathOf = (ref: string) => `/${project}/deployments/${ref}`;

/** Previewable and published, so that it can be deployed as every type. */
async function publishShop(): Promise<string> {
  const { body } = await own('POST', '/connectors/drafts', {
    name: 'Shop',
    creator: { email: 'somebody@example.com' },
    repository: { url: repository.url, tag: 'v1' },
  });
  const path = `/connectors/drafts/${body.id}`;
  for (const action of [
    { action: 'updatePreviewable' },
    { action: 'publish', certification: false },
  ]) {
    const { version } = (await own('GET', path)).body;
    expect((await own('POST', path, { version, actions: [action] })).status).toBe(201);
    expect(await plane.work('succeed')).toBe(true);
  }
  expect((await own('GET', path)).body).toMatchObject({
    status: 'Published',
    isPreviewable: 'true',
  });
  return body.id;
}

test(`${sequences} random sequences of ${callsOfSequence} calls do what the reference model says`, {
  timeout: 20 * 60_000,
}, async () => {
  // A failure prints its seed and path: give both to `fc.assert` to see it again.
  await fc.assert(fc.asyncProperty(sequence, runSequence), { numRuns: sequences });
  expect([...seen]).toEqual(expect.arrayContaining(worthSeeing));
});

/** Statuses and codes that answers had: sequences that never get anywhere would prove nothing. */
const seen = new Set<string>();
const worthSeeing = [
  'Queued',
  'Deploying',
  'Deployed',
  'Failed',
  'Undeploying',
  'UndeployFailed',
  'ConcurrentModification',
  'DeploymentApplicationDoNotBelong',
  'DeploymentApplicationRequired',
  'DeploymentEmptyRequiredApplicationConfigurationKey',
  'DeploymentEmptyRequiredGlobalConfigurationKey',
  'DeploymentInvalidStatusTransition',
  'DeploymentInvalidType',
  'DeploymentMissingApplicationConfigurationKey',
  'DeploymentMissingGlobalConfigurationKey',
  'DeploymentRollbackNotAllowed',
  'DeploymentUnknownApplicationConfiguration',
  'DeploymentUnknownApplicationConfigurationKey',
  'DeploymentUnknownGlobalConfigurationKey',
  'DeploymentUnsupportedRegion',
  'DuplicateField',
  'OperationNotCancellable',
  'cancelled',
  'rolled back',
  'two revisions',
];

async function runSequence(moves: readonly Move[]): Promise<void> {
  const reference = new Reference(workers);
  const made: { id: string; key?: string }[] = [];
  try {
    for (const { call, after } of moves) {
      await make(call, reference, made);
      if (after !== 'nothing') await work(reference, after);
      await expectSame(reference);
    }
  } finally {
    await clearAway();
  }
}

async function work(reference: Reference, outcome: 'succeed' | 'fail'): Promise<void> {
  expect(await plane.work(outcome)).toBe(!reference.isIdle);
  reference.work(outcome);
}

/** Sends the call and compares the answer with what the reference says to it. */
async function make(
  call: Call,
  reference: Reference,
  made: { id: string; key?: string }[],
): Promise<void> {
  if (call.call === 'create') {
    const answer = await own('POST', `/${project}/deployments`, draftOf(call.draft));
    const expected = reference.create(call.draft, answer.body.id);
    if ('id' in expected) {
      expectDeployment(answer, 201, expected);
      made.push(expected);
    } else expectCodes(answer, 400, expected);
    return;
  }
  if (call.call === 'query') return expectQuery(call, reference);
  const target = made[call.target % Math.max(1, made.length)] ?? { id: unknownId };
  const known = reference.find(target);
  switch (call.call) {
    case 'get':
      return expectKnown(await own('GET', pathOf(target.id)), known);
    case 'get-by-key':
      return expectKnown(
        await own('GET', pathOf(`key=${target.key ?? 'no-such-key'}`)),
        target.key === undefined ? undefined : reference.find({ key: target.key }),
      );
    case 'logs': {
      const { status } = await own('GET', `${pathOf(target.id)}/logs?applicationName=pictures`);
      const has = known?.applications.has('pictures');
      expect(status).toBe(known === undefined ? 404 : has ? 200 : 400);
      return;
    }
    case 'foreign': {
      const inItsProject = pathOf(target.id).replace(project, 'other-project');
      const hidden = await plane.request(call.method, inItsProject, undefined, tokens.foreign);
      expectCodes(hidden, 404, ['ResourceNotFound']);
      const refused = await plane.request(
        call.method,
        pathOf(target.id),
        undefined,
        tokens.foreign,
      );
      return expectCodes(refused, 403, ['AuthorizationError']);
    }
    case 'redeploy':
      return redeploy(call, target.id, known, reference);
    case 'rollback':
      return rollBack(call.change, target.id, known, reference);
    case 'cancel':
      return cancel(target.id, known, reference);
    case 'revisions':
      return expectRevisions(target.id, known);
    case 'delete': {
      const answer = await own('DELETE', pathOf(target.id));
      if (known === undefined) return expectCodes(answer, 404, ['ResourceNotFound']);
      const { status, codes } = reference.remove(known);
      return codes.length > 0
        ? expectCodes(answer, status, codes)
        : expectDeployment(answer, status, known);
    }
    default:
      return call satisfies never;
  }
}

async function redeploy(
  { change }: Extract<Call, { call: 'redeploy' }>,
  id: string,
  known: Known | undefined,
  reference: Reference,
): Promise<void> {
  const version = Math.max(1, (known?.version ?? 1) + change.versionOffset);
  const answer = await own('POST', pathOf(id), {
    version,
    actions: [
      {
        action: 'redeploy',
        ...(change.applications === undefined
          ? {}
          : { configurationValues: configurationsOf(change.applications) }),
        ...(change.global === undefined ? {} : { globalConfiguration: listsOf(change.global) }),
      },
    ],
  });
  if (known === undefined) return expectCodes(answer, 404, ['ResourceNotFound']);
  const versionOffset = version - known.version;
  const codes = reference.redeploy(known, { ...change, versionOffset });
  if (codes.length === 0) return expectDeployment(answer, 201, known);
  expectCodes(answer, statusOf(codes), codes);
}

async function rollBack(
  { versionOffset, back, inPath }: RollbackCall,
  id: string,
  known: Known | undefined,
  reference: Reference,
): Promise<void> {
  const current = known?.version ?? 1;
  const version = Math.max(1, current + versionOffset);
  const revision = Math.max(1, current - back);
  const answer = inPath
    ? await own('POST', `${pathOf(id)}/revisions/${revision}/rollback`, { version })
    : await own('POST', `${pathOf(id)}/rollback`, { version, revision });
  if (known === undefined) return expectCodes(answer, 404, ['ResourceNotFound']);
  const codes = reference.rollBack(known, revision, version - known.version);
  if (codes.length > 0) return expectCodes(answer, statusOf(codes), codes);
  seen.add('rolled back');
  expectDeployment(answer, 201, known);
}

/** What is queued ends at once: nobody works while a call is made. */
async function cancel(id: string, known: Known | undefined, reference: Reference): Promise<void> {
  const path = `${pathOf(id)}/cancel`;
  if (known === undefined) return expectCodes(await own('POST', path), 404, ['ResourceNotFound']);
  const isOpen = ['Queued', 'Deploying', 'Undeploying'].includes(known.status);
  const [answer] = await Promise.all([
    own('POST', path),
    isOpen ? plane.cancelQueued() : undefined,
  ]);
  if (!reference.cancel(known)) return expectCodes(answer, 400, ['OperationNotCancellable']);
  expect([answer.status, answer.body.state]).toEqual([202, 'cancelled']);
  seen.add('cancelled');
}

async function expectRevisions(id: string, known: Known | undefined): Promise<void> {
  const answer = await own('GET', `${pathOf(id)}/revisions`);
  if (known === undefined) return expectCodes(answer, 404, ['ResourceNotFound']);
  const { results, total } = answer.body;
  const expected = known.revisions.map(({ number, applications, global }) => ({
    revision: number,
    applications: configurationsOf(Object.fromEntries(applications), true),
    globalConfiguration: listsOf(global, true),
  }));
  expect(total).toBe(expected.length);
  expect(results).toMatchObject(expected);
  if (total > 1) seen.add('two revisions');
}

function statusOf([code]: readonly string[]): number {
  if (code === 'ResourceNotFound') return 404;
  return code === 'ConcurrentModification' ? 409 : 400;
}

async function expectQuery(
  { limit, offset }: Extract<Call, { call: 'query' }>,
  reference: Reference,
): Promise<void> {
  const { status, body } = await own(
    'GET',
    `/${project}/deployments?limit=${limit}&offset=${offset}`,
  );
  const page = reference.deployments.slice(offset, offset + limit);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    limit,
    offset,
    count: page.length,
    total: reference.deployments.length,
  });
}

/** After each call, every Deployment is where the reference has it, and there is no other. */
async function expectSame(reference: Reference): Promise<void> {
  const listed = await own('GET', `/${project}/deployments?limit=500`);
  const results = new Map<string, unknown>(
    listed.body.results.map((one: { id: string }) => [one.id, one]),
  );
  expect(results.size).toBe(reference.deployments.length);
  for (const known of reference.deployments)
    expectDeployment({ ...listed, body: results.get(known.id) }, 200, known);
}

function expectKnown(answer: Answer, known: Known | undefined): void {
  if (known === undefined) expectCodes(answer, 404, ['ResourceNotFound']);
  else expectDeployment(answer, 200, known);
}

function expectDeployment({ status, body }: Answer, expected: number, known: Known): void {
  const { id, key, type, version, preview, applications, globalConfiguration } = body;
  seen.add(body.status);
  expect({
    status,
    id,
    key,
    type,
    version,
    preview,
    state: body.status,
    rollbackRevision: body.rollbackRevision,
    configurations: applications.map(
      (one: { applicationName: string; standardConfiguration: []; securedConfiguration: [] }) => ({
        applicationName: one.applicationName,
        standardConfiguration: one.standardConfiguration,
        securedConfiguration: one.securedConfiguration,
      }),
    ),
    globalConfiguration,
  }).toEqual({
    status: expected,
    id: known.id,
    key: known.key,
    type: known.type,
    version: known.version,
    preview: known.type === 'preview',
    state: known.status,
    rollbackRevision: known.rollbackRevision,
    configurations: configurationsOf(Object.fromEntries(known.applications), true),
    globalConfiguration: listsOf(known.global, true),
  });
}

function expectCodes({ status, body }: Answer, expected: number, codes: readonly string[]): void {
  const found = body.errors?.map(({ code }: { code: string }) => code);
  for (const code of codes) seen.add(code);
  expect([status, found], JSON.stringify(body)).toEqual([expected, codes]);
}

const unknownId = '5f3759df-5f37-49df-9f37-5f3759df5f37';

function draftOf(call: Extract<Call, { call: 'create' }>['draft']) {
  const { staged, applications, global, ...rest } = call;
  return {
    ...rest,
    connector: { id: connectorId, staged },
    configurations: configurationsOf(applications),
    globalConfiguration: listsOf(global),
  };
}

function configurationsOf(applications: Readonly<Record<string, Values>>, masked = false) {
  return Object.entries(applications).map(([applicationName, values]) => ({
    applicationName,
    ...listsOf(values, masked),
  }));
}

function listsOf(values: Values, masked = false) {
  const list = (record: Readonly<Record<string, string>>, mask: boolean) =>
    Object.entries(record).map(([key, value]) => ({ key, value: mask ? '********' : value }));
  return {
    standardConfiguration: list(values.standard, false),
    securedConfiguration: list(values.secured, masked),
  };
}

/** The next sequence begins with nothing. */
async function clearAway(): Promise<void> {
  while (true) {
    while (await plane.work('succeed'));
    const { body } = await own('GET', `/${project}/deployments?limit=500`);
    if (body.total === 0) return;
    for (const { id } of body.results) await own('DELETE', pathOf(id));
  }
}
