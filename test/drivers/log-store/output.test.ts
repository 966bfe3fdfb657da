import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LogEntry, severities } from '../../../src/core/log-entry.ts';
import { classifyLine, maxLineCharacters } from '../../../src/core/log-line.ts';
import { createRedactor, redactLongLine } from '../../../src/core/redaction.ts';
import { openSqliteLogStore } from '../../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import type { LogOutput, LogStore } from '../../../src/ports/log-store.ts';
import { printedLine } from '../../support/printed-lines.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const secrets = [
  { key: 'TOKEN', value: 'very-secret' },
  { key: 'QUOTED', value: 'say "no"/never' },
  { key: 'NUMBER', value: '750000' },
];

/** Some with more lines than a block takes, some as much as goes into a file, some with lines longer than any entry. */
const lines = fc.oneof(
  { weight: 9, arbitrary: fc.array(printedLine, { minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: printedLine.map((line) => Array<string>(700).fill(line)) },
  { weight: 1, arbitrary: printedLine.map((line) => Array<string>(700).fill(line.repeat(20))) },
  { weight: 1, arbitrary: printedLine.map((line) => [line + 'very-secret '.repeat(9_000), line]) },
);

const outputs = fc.array(
  fc.record({
    lines,
    secrets: fc.constantFrom([], secrets.slice(0, 2), secrets),
    timestamp: fc.constantFrom(1, 2, 2.5, 15_000),
  }),
  { minLength: 1, maxLength: 4 },
);

test('output comes back as if each line was read and rid of secrets when it came', async () => {
  await using store = await openSqliteLogStore({ file: join(await makeTempFolder(), 'logs') });
  let deployments = 0;
  await fc.assert(
    fc.asyncProperty(outputs, async (given) => {
      deployments += 1;
      const deploymentId = `deployment-${deployments}`;
      const after = await store.position({ deploymentId });
      const printed = given.map((one) => ({
        ...one,
        ...{ deploymentId, applicationName: 'app', output: one.lines.join('\n') },
      }));
      await store.collect(printed);
      const expected = printed.flatMap(readAtOnce);
      const arrivals = await readAll(store, deploymentId, after);
      expect(arrivals.map(({ entry }) => entry)).toEqual(expected);
      expect(arrivals.map(({ position }) => Number(position) - Number(after))).toEqual(
        expected.map((_, index) => index + 1),
      );
      for (const severity of severities) {
        const query = { deploymentId, severities: [severity], from: 0, to: 20_000, limit: 1000 };
        const { entries } = await store.query(query);
        const wanted = expected.filter((one) => one.severity === severity);
        expect(asJson(entries)).toEqual(wanted.toSorted(byTime).slice(0, 1000));
      }
    }),
    { numRuns: 150 },
  );
});

test('what is cut off a line is not kept: a secret may begin there that goes on in the next piece', async () => {
  const folder = await makeTempFolder();
  await using store = await openSqliteLogStore({ file: join(folder, 'logs') });
  const output = `short\n${'x'.repeat(200 * 1024)}very-sec`;
  const origin = { deploymentId: 'deployment-1', applicationName: 'app' };
  await store.collect([{ ...origin, timestamp: 1, output, secrets }]);
  const { entries } = await store.query({ ...origin, from: 0, to: 9, limit: 9 });
  expect(entries.map(({ details }) => String(details['message']).slice(-5))).toEqual([
    'short',
    ' cut)',
  ]);
  for (const name of await readdir(folder))
    expect((await readFile(join(folder, name))).includes('very-sec')).toBe(false);
});

function readAtOnce({ output, secrets: known, ...origin }: LogOutput): readonly LogEntry[] {
  const redactor = createRedactor(known);
  return output.split('\n').map((line) => {
    const { type, severity, details } = classifyLine(
      redactLongLine(line, maxLineCharacters, redactor),
    );
    const { deploymentId, applicationName } = origin;
    const timestamp = Math.floor(origin.timestamp);
    const clean = redactor.json(details) as LogEntry['details'];
    return asJson({ type, deploymentId, applicationName, severity, timestamp, details: clean });
  });
}

async function readAll(store: LogStore, deploymentId: string, begin: string) {
  const all: { entry: LogEntry; position: string }[] = [];
  for (let after = begin, isMore = true; isMore; ) {
    const page = await store.follow({ deploymentId, after, limit: 333 });
    all.push(...asJson(page.arrivals));
    ({ next: after, isMore } = page);
  }
  return all;
}

/** What is no number in JSON is none for whoever reads it. */
function asJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value));
}

function byTime(one: LogEntry, other: LogEntry): number {
  return one.timestamp - other.timestamp;
}
