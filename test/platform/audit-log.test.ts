import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';

let berth: Berth;

beforeAll(async () => {
  berth = await startBerth();
});
afterAll(() => berth?.[Symbol.asyncDispose]());

const clients = '/test-project/api-clients';

describe('a Berth that is killed while clients change things', () => {
  test('has an entry of every change that there is, and a change for every entry', async () => {
    const acknowledged = new Set<string>();
    const killed = await workUntil(() => acknowledged.size >= 60, acknowledged);
    expect(killed).toBe(true);

    const page = '?limit=500';
    const living = await onceItAnswers(() => berth.request('GET', `${clients}${page}`));
    const created = await entriesOf('createApiClient');
    const deleted = await entriesOf('deleteApiClient');

    expect(created.length).toBeLessThan(500);
    expect(deleted.length).toBeGreaterThan(0);
    expect(new Set(created).size, 'one entry each').toBe(created.length);
    expect(new Set(deleted).size, 'one entry each').toBe(deleted.length);
    const left = created.filter((id) => !deleted.includes(id));
    const own = living.body.results
      .map(({ id }: { id: string }) => id)
      .filter((id: string) => id !== berth.client.id);
    expect(left.toSorted()).toEqual(own.toSorted());
    expect([...acknowledged].filter((id) => !created.includes(id))).toEqual([]);
  });
});

/** Several clients make API clients, and delete every third one, until the control plane is killed under them. */
async function workUntil(isEnough: () => boolean, acknowledged: Set<string>): Promise<boolean> {
  const before = berth.pidOf('control');
  const draft = { name: 'x', scope: 'view_connectors:test-project' };
  let killing: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    while (killing === undefined) {
      const made = await berth.request('POST', clients, draft);
      if (made.status === 201) acknowledged.add(made.body.id);
      if (acknowledged.size % 3 === 0) await berth.request('DELETE', `${clients}/${made.body.id}`);
      if (isEnough()) killing ??= berth.kill('control');
    }
  };
  // Whoever is in the middle of a request sees the connection break.
  await Promise.allSettled(Array.from({ length: 8 }, work));
  await killing;
  await expect.poll(() => berth.pidOf('control'), { timeout: 60_000 }).not.toBe(before);
  return killing !== undefined;
}

async function entriesOf(action: string): Promise<readonly string[]> {
  const path = `/test-project/audit-log?limit=500&action=${action}`;
  const { body } = await onceItAnswers(() => berth.request('GET', path));
  expect(body.total).toBe(body.results.length);
  return body.results.map(({ resource }: { resource: { id: string } }) => resource.id);
}

async function onceItAnswers(ask: () => Promise<Answer>): Promise<Answer> {
  let answer: Answer | undefined;
  await expect
    .poll(
      async () => {
        answer = await ask().catch(() => undefined);
        return answer?.status;
      },
      { timeout: 60_000 },
    )
    .toBe(200);
  if (answer === undefined) throw new Error('No answer');
  return answer;
}
