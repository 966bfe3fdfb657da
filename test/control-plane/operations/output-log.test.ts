import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createOutputLog } from '../../../src/control-plane/operations/output-log.ts';
import { buildApplication } from '../../../src/control-plane/operations/steps/build-application.ts';
import { BuildFailure } from '../../../src/core/failure.ts';
import { classifyLine } from '../../../src/core/log-line.ts';
import { openSqliteLogStore } from '../../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import type { LogStore } from '../../../src/ports/log-store.ts';
import { applicationSpec } from '../../support/records.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { clock } from './support.ts';

const of = { deploymentId: 'deployment', applicationName: 'app', source: 'postDeploy' } as const;
const everything = {
  deploymentId: 'deployment',
  from: 0,
  to: Number.MAX_SAFE_INTEGER,
  limit: 1000,
};

async function openLogs() {
  return openSqliteLogStore({ file: join(await makeTempFolder(), 'logs.sqlite') });
}

async function countEntries(logs: LogStore): Promise<number> {
  let [count, page] = [0, await logs.query(everything)];
  for (;;) {
    count += page.entries.length;
    if (page.next === undefined) return count;
    page = await logs.query({ ...everything, after: page.next });
  }
}

test('lines are kept in order, text with where it comes from', async () => {
  await using logs = await openLogs();
  const output = createOutputLog({ clock, logs }, of, classifyLine);
  output.line('first');
  output.line('{"level":"error","msg":"second"}');
  await output.flush();
  const { entries } = await logs.query(everything);
  expect(entries).toMatchObject([
    { type: 'APPLICATION_TEXT', details: { message: 'first', source: 'postDeploy' } },
    { type: 'APPLICATION_JSON', severity: 'ERROR', details: { level: 'error', msg: 'second' } },
  ]);
  await output.flush();
  expect((await logs.query(everything)).entries).toHaveLength(2);
});

test.for([
  { name: 'many lines', line: 'x', times: 10_001, kept: 10_000 },
  { name: 'long lines', line: 'x'.repeat(250_000), times: 80, kept: 67 },
])('a command that prints $name fills nothing', async ({ line, times, kept }) => {
  await using logs = await openLogs();
  const text = (message: string) =>
    ({ type: 'APPLICATION_TEXT', severity: 'DEBUG', details: { message } }) as const;
  const output = createOutputLog({ clock, logs }, of, text);
  for (let time = 0; time < times; time += 1) output.line(line);
  await output.flush();
  expect(await countEntries(logs)).toBe(kept);
});

test('what a build printed is kept also where it fails', async () => {
  await using logs = await openLogs();
  const failing = {
    build: async (_: unknown, options: { readonly onOutput: (line: string) => void }) => {
      options.onOutput('npm error missing script');
      throw new BuildFailure('build', 'npm failed.');
    },
    audit: () => expect.fail('not asked for'),
    foresee: () => expect.fail('not asked for'),
    find: () => expect.fail('not asked for'),
    findIntact: () => expect.fail('not asked for'),
    openWorkspace: () => expect.fail('not asked for'),
    prune: () => expect.fail('not asked for'),
    pruneCaches: () => expect.fail('not asked for'),
  };
  const task = {
    repository: { url: 'file:///nowhere', tag: 'v1', commit: 'c' },
    application: applicationSpec(),
    environment: {},
    deploymentId: 'deployment',
  };
  const scope = {
    signal: new AbortController().signal,
    report: () => expect.fail('reported'),
    change: () => expect.fail('changed'),
    say: () => expect.fail('said'),
  };
  const built = buildApplication({ builder: failing, clock, logs }, task, scope);
  await expect(built).rejects.toThrow('npm failed.');
  const { entries } = await logs.query(everything);
  expect(entries).toMatchObject([
    { severity: 'DEBUG', details: { message: 'npm error missing script', source: 'build' } },
  ]);
});
