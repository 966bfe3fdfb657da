import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Berth, startBerth } from '../support/berth.ts';

const path = '/test-project/api-clients';
const atOnce = 60;
/** At most. Each start after one takes a little longer. */
const kills = 8;

interface Sent {
  readonly name: string;
  readonly key: string;
}

test('kill -9 while requests with a key come in: sent again, each is done exactly once', async () => {
  await using berth = await startBerth();
  const token = await berth.token();
  // What is wanted is a commit whose answer got lost; most kills bring some.
  const outcomes = { answered: 0, lostAfterCommit: 0, lostBefore: 0 };

  for (let round = 0; round < kills && outcomes.lostAfterCommit === 0; round += 1) {
    const requests = Array.from({ length: atOnce }, () => ({
      name: `round ${round} ${randomUUID()}`,
      key: randomUUID(),
    }));
    const first = requests.map((request) => create(berth, request, token));
    await Promise.any(first);
    await berth.kill('control');
    const answers = await Promise.all(first.map((one) => one.catch(() => undefined)));

    await expect.poll(() => isUp(berth), { timeout: 60_000 }).toBe(true);
    for (const [at, request] of requests.entries()) {
      const again = await create(berth, request, token);
      expect(again.status, JSON.stringify(again.body)).toBe(201);
      const known = answers[at];
      if (known !== undefined) expect(again.body).toEqual(known.body);
      const outcome = known ? 'answered' : again.isReplayed ? 'lostAfterCommit' : 'lostBefore';
      outcomes[outcome] += 1;
      // The secret that was made before the kill is the one that is answered after it.
      expect(await berth.token({ id: again.body.id, secret: again.body.secret })).toMatch(/./);
    }
    const names = await clientNames(berth, round * atOnce);
    expect(names).toEqual(requests.map(({ name }) => name).toSorted());
  }
  expect(outcomes.lostAfterCommit).toBeGreaterThan(0);
});

async function create(berth: Berth, { name, key }: Sent, token: string) {
  const response = await fetch(`${berth.api}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
    body: JSON.stringify({ name, scope: 'view_connectors:test-project' }),
  });
  const body = (await response.json()) as { readonly id: string; readonly secret: string };
  const isReplayed = response.headers.get('idempotency-replayed') === 'true';
  return { status: response.status, body, isReplayed };
}

async function isUp(berth: Berth): Promise<boolean> {
  return fetch(`${berth.api}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Of those made in this round; there is one more, that of the start. */
async function clientNames(berth: Berth, earlier: number): Promise<readonly string[]> {
  const { body } = await berth.request('GET', `${path}?limit=500`);
  expect(body.total).toBe(earlier + atOnce + 1);
  const names: readonly string[] = body.results.map(({ name }: { name: string }) => name);
  const round = `round ${earlier / atOnce} `;
  return names.filter((name) => name.startsWith(round)).toSorted();
}
