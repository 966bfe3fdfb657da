import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { parseConnectorArgument } from './connector-source.ts';
import type { Overrides } from './dummy-configuration.ts';
import { printResults } from './print-results.ts';
import type { ConnectorResult } from './result.ts';
import { tryConnector } from './try-connector.ts';

interface Flags {
  readonly config?: string;
  readonly folder?: string;
  readonly keep: boolean;
  readonly json: boolean;
  readonly timeout: string;
}

const command = new Command('try:connectors')
  .description(
    'Takes real connectors through their whole life: preview, deploy, probe, redeploy, delete. ' +
      'Each gets a Berth and a mock commercetools platform of its own.',
  )
  .argument('<connector...>', 'CLONE@TAG, or CLONE@TAG:FOLDER where connect.yaml is in a folder')
  .option('--config <file>', 'JSON of values by KEY or application.KEY; null leaves a key out')
  .option('--folder <folder>', 'the folder for connectors that name none')
  .option('--keep', "leave each Berth's data folder", false)
  .option('--json', 'print the results as JSON', false)
  .option('--timeout <seconds>', 'time for one connector', '1800')
  .action(tryAll);

async function tryAll(connectors: readonly string[], flags: Flags): Promise<void> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Stays for good: without a listener the process would end before what it has started.
    process.on(signal, () => interrupted.abort(new Error('interrupted')));
  }
  const overrides = flags.config === undefined ? {} : await readOverrides(flags.config);
  const named = await Promise.all(
    connectors.map(async (name) => ({
      name,
      argument: await parseConnectorArgument(name, flags.folder),
    })),
  );

  const results: ConnectorResult[] = [];
  for (const { name, argument } of named) {
    if (interrupted.signal.aborted) break;
    const result = await tryConnector(name, argument, {
      overrides,
      keep: flags.keep,
      timeoutMs: Number(flags.timeout) * 1000,
      signal: interrupted.signal,
      progress: (line) => process.stderr.write(`${line}\n`),
    });
    results.push(result);
  }
  console.log(flags.json ? JSON.stringify(results, undefined, 2) : printResults(results));
  if (results.length < named.length || !results.every(({ ok }) => ok)) process.exitCode = 1;
}

async function readOverrides(file: string): Promise<Overrides> {
  const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
  const isValid =
    typeof parsed === 'object' &&
    parsed !== null &&
    Object.values(parsed).every((value) => value === null || typeof value === 'string');
  if (!isValid) throw new Error(`${file}: expected one JSON object of strings, or null, by key`);
  return parsed as Overrides;
}

await command.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
