/** What of the data plane takes lines, in a process of its own as there. Each message starts an application and is answered when its lines are kept. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { createLogCollector } from '../../src/data-plane/logs/collect.ts';
import { createRedactions } from '../../src/data-plane/logs/redactions.ts';
import { openSqliteLogStore } from '../../src/drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openProcessRuntime } from '../../src/drivers/runtime/process/process-runtime.ts';
import type { InstanceExit } from '../../src/ports/runtime.ts';

/** What is run, and how many lines it prints. */
export interface IntakeRound {
  readonly id: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly lines: number;
}

export interface IntakeResult {
  readonly ms: number;
  readonly lost: number;
}

const pollMs = 5;
/** So long after the application has ended nothing comes any more. */
const patienceMs = 30_000;
const [folder = ''] = process.argv.slice(2);
const origin = { deploymentId: 'bench', applicationName: 'app' };

const logsFile = join(folder, 'logs.db');
const logs = await openSqliteLogStore({ file: logsFile });
const runtime = await openProcessRuntime({ directory: join(folder, 'run') });
const say = (details: object, message: string): void => console.error(message, details);
const collector = createLogCollector({
  ...{ logs, redactions: createRedactions() },
  clock: { now: Date.now },
  logger: { info: say, warn: say, error: say },
});

process.on('message', (round: IntakeRound) => {
  void run(round).then((result) => process.send?.(result));
});
process.once('disconnect', () => void close());
process.send?.('ready');

async function run({ id, file, args, lines }: IntakeRound): Promise<IntakeResult> {
  const before = await keptEntries();
  const exit = Promise.withResolvers<InstanceExit>();
  const startedAt = performance.now();
  await runtime.start(
    {
      id,
      directory: folder,
      start: { kind: 'exec', file, args: [...args], environment: {} },
      node: { executable: process.execPath },
      path: ['/usr/bin', '/bin'],
      environment: {},
      limits: { cpus: 2, memoryMb: 1024 },
    },
    {
      output: (_stream, text) => collector.output(origin, text),
      exited: (end) => {
        collector.hurry();
        exit.resolve(end);
      },
    },
  );
  let deadline = Number.POSITIVE_INFINITY;
  void exit.promise.then(() => {
    deadline = performance.now() + patienceMs;
  });
  let kept = 0;
  while (kept < lines && performance.now() < deadline) {
    await wait(pollMs);
    kept = (await keptEntries()) - before;
  }
  const ms = performance.now() - startedAt;
  await exit.promise;
  await removeAll();
  return { ms, lost: lines - kept };
}

/** And brings it to the disk's file: no round pays for what another one leaves. */
async function removeAll(): Promise<void> {
  await logs.prune({ before: Date.now() + 60_000 });
  using database = new DatabaseSync(logsFile, { timeout: patienceMs });
  database.exec('PRAGMA wal_checkpoint(RESTART)');
}

/** Ever, since the file was made. */
async function keptEntries(): Promise<number> {
  return Number(await logs.position(origin));
}

async function close(): Promise<void> {
  await runtime[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
  await logs[Symbol.asyncDispose]();
}
