import { randomUUID } from 'node:crypto';
import { Client, DatabaseError } from 'pg';

/** A database of a server, and nobody else's. */
export interface Database extends AsyncDisposable {
  readonly url: string;
}

/** Empty, or a copy of the database `template`, which nobody may be connected to. */
export async function createDatabase(
  serverUrl: string,
  { name = `berth_${randomUUID().replaceAll('-', '')}`, template = 'template1' } = {},
): Promise<Database> {
  await repeatWhileInUse(() => runOn(serverUrl, `create database ${name} template ${template}`));
  return {
    url: Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href,
    [Symbol.asyncDispose]: () => runOn(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

/** The server itself may be connected to the template for a moment: it cleans up there. */
async function repeatWhileInUse(work: () => Promise<void>, left = 5): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isInUse = error instanceof DatabaseError && error.code === '55006';
    if (!isInUse || left === 0) throw error;
    await repeatWhileInUse(work, left - 1);
  }
}

async function runOn(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
