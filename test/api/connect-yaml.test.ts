import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/berth.ts';
import { type ControlPlane, openControlPlane } from '../support/control-plane.ts';
import { createRepository, type TestFile, type TestRepository } from '../support/git-repository.ts';
import { hostileDocuments, plainDocument } from './hostile-documents.ts';
import { detailsOf, expectErrors } from './support.ts';

/** A second, and what git and a busy machine may add. */
const quickMs = 5_000;

let folder: string;
let repository: TestRepository;
let plane: ControlPlane;
let token: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-hostile-'));
  repository = await createRepository({ files: {} });
  plane = await openControlPlane(folder, 1);
  token = await plane.token('shop');
});
afterAll(async () => {
  await plane?.[Symbol.asyncDispose]();
  await repository?.remove();
  await rm(folder, { recursive: true, force: true });
});

const at = (tag: string) => ({ url: repository.url, tag });
const draft = (tag: string) => ({
  name: 'A connector',
  creator: { email: 'somebody@example.com' },
  repository: at(tag),
});

/** A new draft of a repository that has this as its `connect.yaml`. */
async function created(file: TestFile): Promise<Answer> {
  const tag = await tagged(file);
  const startedAt = performance.now();
  const answer = await plane.request('POST', '/connectors/drafts', draft(tag), token);
  expect(performance.now() - startedAt).toBeLessThan(quickMs);
  return answer;
}

let tags = 0;
async function tagged(file: TestFile): Promise<string> {
  const tag = `v${tags++}`;
  await repository.commit({ 'connect.yaml': file }, tag);
  return tag;
}

describe('a connect.yaml with', () => {
  test.for(hostileDocuments)('%s is refused at once, and told why', async ([, file, says]) => {
    const answer = await created(file);

    expectErrors(answer, 400, ['ConnectorSpecificationFileNotValid']);
    expect(detailsOf(answer)[0]).toMatch(says);
    expect(JSON.stringify(answer.body).length).toBeLessThan(10_000);
  });

  test.for([
    ['line ends of Windows', plainDocument.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${plainDocument}`],
    ['a directive', `%YAML 1.2\n---\n${plainDocument}...\n`],
    ['an anchor that nobody uses', plainDocument.replace('- name', '- &a\n    name')],
    ['a tag that changes nothing', plainDocument.replace('name: shop', 'name: !shop shop')],
    [
      'a comment in another encoding',
      { text: Buffer.from(`${plainDocument}# f\xfcr\n`, 'latin1'), mode: 0o644 },
    ],
  ] as const)('%s is like any other', async ([, file]) => {
    const answer = await created(file);

    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    expect(answer.body.configurations).toMatchObject([{ applicationName: 'shop' }]);
  });

  test('every mistake it has named in one answer', async () => {
    const answer = await created(`
more: 1
deployAs:
  - { name: a, applicationType: service }
  - { name: ok, applicationType: teapot }
  - { name: job, applicationType: job, endpoint: //, properties: { schedule: often } }
inheritAs: { apiClient: { scopes: [] } }
`);

    expectErrors(answer, 400, ['ConnectorSpecificationFileNotValid']);
    const lines = detailsOf(answer)[0]
      ?.split('\n')
      .map((line) => line.split(']:')[0]);
    expect(lines).toEqual([
      '[inheritAs.apiClient.scopes',
      '[deployAs.0.name',
      '[deployAs.0.endpoint',
      '[deployAs.1.applicationType',
      '[deployAs.2.endpoint',
      '[deployAs.2.properties.schedule',
      '[file content',
    ]);
  });
});

test('a draft keeps what it has when its new connect.yaml is refused', async () => {
  const { body } = await created(plainDocument);
  const [, file] = hostileDocuments[0] ?? ['', ''];
  const path = `/connectors/drafts/${body.id}`;
  const action = { action: 'setRepository', ...at(await tagged(file)) };
  const update = { version: body.version, actions: [action] };

  const answer = await plane.request('POST', path, update, token);

  expectErrors(answer, 400, ['ConnectorSpecificationFileNotValid']);
  expect((await plane.request('GET', path, undefined, token)).body).toEqual(body);
});
