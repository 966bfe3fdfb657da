import { Client } from 'pg';
import { openPostgresStore } from '../src/drivers/store/postgres/open-postgres-store.ts';
import type { Store } from '../src/ports/store.ts';
import { createDatabase } from '../test/support/create-database.ts';
import { startPostgres } from '../test/support/postgres-server.ts';
import { deployment } from '../test/support/records.ts';
import { describeMachine } from './machine.ts';
import { printSummary, summarize } from './statistics.ts';

/**
 * Commits per second to PostgreSQL: of two stores that raise the versions of 16 Deployments at once, as they are, against
 * the same where a trigger makes all commits take turns and tell of themselves within the transaction.
 */
const [rounds, durationMs, subjects] = [7, 2000, 16];
const takeTurns = `create function take_turn() returns trigger language plpgsql as $$
  begin perform pg_advisory_xact_lock(1), pg_notify('turns', ''); return null; end $$;
  create trigger turn before update on deployment for each statement execute function take_turn()`;

await using server = await startPostgres();
await using stack = new AsyncDisposableStack();
const own = await openSide(undefined);
const inTurns = await openSide(takeTurns);
await measure(own);
await measure(inTurns);
const pairs: { readonly own: number; readonly inTurns: number }[] = [];
for (let round = 0; round < rounds; round += 1)
  pairs.push({ own: await measure(own), inTurns: await measure(inTurns) });

const whole = (value: number): string => value.toFixed(0);
process.stdout.write(`${JSON.stringify(describeMachine())}
commits/s, min / median / max of ${rounds} rounds
rows locked:  ${printSummary(summarize(pairs.map((pair) => pair.own)), whole)}
all in turns: ${printSummary(summarize(pairs.map((pair) => pair.inTurns)), whole)}
ratio:        ${printSummary(summarize(pairs.map((pair) => pair.own / pair.inTurns)), (value) => value.toFixed(2))}
`);

async function openSide(sql: string | undefined): Promise<readonly Store[]> {
  const { url } = stack.use(await createDatabase(server.url));
  const stores = [await openPostgresStore({ url }), await openPostgresStore({ url })];
  for (const store of stores) stack.use(store);
  await stores[0]?.commit(
    Array.from({ length: subjects }, (_, number) => ({
      kind: 'insert-deployment',
      record: deployment({ id: `d${number}`, version: 1 }),
    })),
  );
  if (sql === undefined) return stores;
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
  return stores;
}

async function measure(stores: readonly Store[]): Promise<number> {
  const until = performance.now() + durationMs;
  let commits = 0;
  const raise = async (id: string, store: Store): Promise<void> => {
    let version = (await store.deployments.byId(id))?.version ?? 0;
    while (performance.now() < until) {
      const record = deployment({ id, version: version + 1 });
      await store.commit([{ kind: 'update-deployment', record, expectedVersion: version }]);
      version += 1;
      commits += 1;
    }
  };
  const from = performance.now();
  await Promise.all(
    Array.from({ length: subjects }, (_, number) => {
      const store = stores[number % stores.length];
      return store === undefined ? undefined : raise(`d${number}`, store);
    }),
  );
  return (commits * 1000) / (performance.now() - from);
}
