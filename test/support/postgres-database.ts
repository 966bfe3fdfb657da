import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { onTestFinished } from 'vitest';

/** The URL of an empty database of a server, which is gone when the test has finished. */
export async function makeDatabase(serverUrl: string): Promise<string> {
  const name = `berth_${randomUUID().replaceAll('-', '')}`;
  await runOn(serverUrl, `create database ${name}`);
  onTestFinished(() => runOn(serverUrl, `drop database if exists ${name} with (force)`));
  return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
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
