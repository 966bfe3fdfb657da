import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NodeBuilderOptions, openNodeBuilder } from '../../src/drivers/builder/node/driver.ts';
import { openGitSource } from '../../src/drivers/source/git/git-source.ts';
import type { Builder } from '../../src/ports/builder.ts';
import type { BuilderPlace } from '../contract/builder.suite.ts';

export interface NodeBuilderPlace extends BuilderPlace {
  open(options?: Partial<NodeBuilderOptions>): Builder;
}

/** A temp folder for node builders. */
export async function prepareNodeBuilderPlace(
  toolDirectory: string,
  more: Partial<NodeBuilderOptions> = {},
): Promise<NodeBuilderPlace> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-builder-'));
  const source = openGitSource({
    directory: join(directory, 'git'),
    allowLocal: true,
    environment: process.env,
  });
  return {
    directory,
    open: (again = {}) =>
      openNodeBuilder({
        directory: join(directory, 'builder'),
        toolDirectory,
        source,
        operatorEnvironment: process.env,
        limits: { installTimeoutMs: 120_000, buildTimeoutMs: 60_000 },
        ...more,
        ...again,
      }),
    async pin({ url }, tag) {
      const commit = await source.resolve({ url, tag }, AbortSignal.timeout(60_000));
      return { url, tag, commit };
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
  };
}
