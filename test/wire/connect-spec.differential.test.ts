import { ConnectorSpecificationParser } from '@commercetools-connect/specification';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConnectSpec, printMistakes } from '../../src/wire/connect-spec.ts';
import { corpus } from './connect-spec.corpus.ts';
import { anySpec } from './connect-spec.generator.ts';
import { knownDifferences } from './connect-spec.known-differences.ts';

/** Connect's own validator is the oracle: what it takes Berth takes, what it refuses Berth refuses in the same words. */
const accepted = 'accepted';

describe('connect.yaml is read as by the official validator', () => {
  test.each(corpus())('%s', async (_name, text) => {
    expect(berth(text)).toBe(await official(text));
  });

  test('in a few hundred documents made at random', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(anySpec, async (document) => {
        const text = stringify(document);
        expect(berth(text)).toBe(await official(text));
      }),
      { numRuns: 500 },
    );
  });
});

test('the corpus is large, and holds good and bad documents', () => {
  const answers = corpus().map(([, text]) => berth(text));
  const good = answers.filter((answer) => answer === accepted).length;
  expect(answers.length).toBeGreaterThan(250);
  expect(good).toBeGreaterThan(70);
  expect(answers.length - good).toBeGreaterThan(150);
  expect(new Set(answers).size).toBeGreaterThan(90);
});

describe('Berth differs on purpose', () => {
  test.each(knownDifferences)('$reason', async ({ text, theirs, ours }) => {
    expect(await official(text)).toMatch(theirs);
    expect(berth(text)).toMatch(ours);
  });
});

function berth(text: string): string {
  const parsed = parseConnectSpec(text);
  return 'spec' in parsed ? accepted : printMistakes(parsed.mistakes);
}

async function official(text: string): Promise<string> {
  try {
    await new ConnectorSpecificationParser().parse(text);
    return accepted;
  } catch (error) {
    return withPath(error instanceof Error ? error.message : String(error));
  }
}

/** The YAML library's own errors carry no path there; in Berth every mistake has one. */
function withPath(message: string): string {
  return message.startsWith('[') ? message : `[file content]: ${message.trimEnd()}`;
}
