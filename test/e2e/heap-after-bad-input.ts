import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unknownId } from '../api/bodies.ts';
import { hostileDocuments } from '../api/hostile-documents.ts';
import { type ControlPlane, openControlPlane } from '../support/control-plane.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';

/** Sends bad input again and again, and prints how the heap has grown by that. Needs `--expose-gc`. */
const rounds = 10;

const folder = await mkdtemp(join(tmpdir(), 'berth-heap-'));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(folder, { recursive: true, force: true }));
const repository = stack.use(await createRepository({ files: {} }));
const plane = stack.use(await openControlPlane(folder, 1));
const requests = [...(await documents(repository)), ...bodies()];
const token = await plane.token('shop');

/** Whatever is loaded or cached once is there now. */
await sendAll(plane);
await sendAll(plane);
const warm = heapBytes();
let refused = 0;
for (let round = 0; round < rounds; round += 1) refused += await sendAll(plane);
console.log(JSON.stringify({ warm, refused, grown: heapBytes() - warm }));

interface BadRequest {
  readonly path: string;
  readonly body: unknown;
}

async function sendAll({ request }: ControlPlane): Promise<number> {
  let count = 0;
  for (const { path, body } of requests) {
    const { status } = await request('POST', path, body, token);
    if (status === 400) count += 1;
  }
  return count;
}

/** A draft for each of some documents of every kind, small and large. */
async function documents({ commit, url }: TestRepository): Promise<readonly BadRequest[]> {
  const chosen = hostileDocuments.filter(([name]) => /aliases|megabyte|tabs|UTF-16/.test(name));
  const made: BadRequest[] = [];
  for (const [, file] of chosen) {
    const tag = `v${made.length}`;
    await commit({ 'connect.yaml': file }, tag);
    made.push({ path: '/connectors/drafts', body: draft({ url, tag }) });
  }
  return made;
}

function bodies(): readonly BadRequest[] {
  const long = 'x'.repeat(1_000_000);
  const many = Array.from({ length: 20_000 }, (_, index) => ({ key: `KEY_${index}`, value: 1 }));
  let deep: unknown = 1;
  for (let level = 0; level < 1_000; level += 1) deep = [deep];
  const deployment = (standardConfiguration: unknown) => ({
    connector: { id: unknownId },
    region: 'nowhere',
    configurations: [{ applicationName: 'shop', standardConfiguration }],
  });
  return [
    { path: '/connectors/drafts', body: { ...draft({ url: long, tag: 'v1' }), name: null } },
    ...[many, deep, [{ key: 'KEY', value: long }]].map((values) => ({
      path: '/shop/deployments',
      body: deployment(values),
    })),
  ];
}

function draft(repository: { readonly url: string; readonly tag: string }) {
  return { name: 'A connector', creator: { email: 'somebody@example.com' }, repository };
}

function heapBytes(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Start it with --expose-gc');
  // What the first one lets go of may hold more.
  for (let run = 0; run < 3; run += 1) gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
