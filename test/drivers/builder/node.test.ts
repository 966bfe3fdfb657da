import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openNodeBuilder } from '../../../src/drivers/builder/node/driver.ts';
import { openGitSource } from '../../../src/drivers/source/git/git-source.ts';
import { type BuilderPlace, describeBuilder } from '../../contract/builder.suite.ts';

let tools = '';
beforeAll(async () => {
  tools = await mkdtemp(join(tmpdir(), 'berth-tools-'));
});
afterAll(() => rm(tools, { recursive: true, force: true }));

async function preparePlace(): Promise<BuilderPlace> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-builder-'));
  const source = openGitSource({ directory: join(directory, 'git'), allowLocal: true });
  return {
    directory,
    open: () =>
      openNodeBuilder({
        directory: join(directory, 'builder'),
        toolDirectory: tools,
        source,
        operatorEnvironment: process.env,
        limits: { installTimeoutMs: 60_000, buildTimeoutMs: 60_000 },
      }),
    async pin({ url }, tag) {
      const commit = await source.resolve({ url, tag }, AbortSignal.timeout(10_000));
      return { url, tag, commit };
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
  };
}

describeBuilder('the node driver', preparePlace);
