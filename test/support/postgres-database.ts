import { onTestFinished } from 'vitest';
import { createDatabase } from './create-database.ts';

/** The URL of an empty database of a server, which is gone when the test has finished. */
export async function makeDatabase(serverUrl: string): Promise<string> {
  const database = await createDatabase(serverUrl);
  onTestFinished(() => database[Symbol.asyncDispose]());
  return database.url;
}
