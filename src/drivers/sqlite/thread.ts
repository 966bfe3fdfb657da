import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { areQuiet, type Batch, isReadOnly, type MadeOf, runBatches } from './batches.ts';
import { Connection } from './connection.ts';
import { factsOf } from './error-facts.ts';
import { giveHint, hearHints } from './hints.ts';
import type {
  Answers,
  Reply,
  Request,
  Statement,
  StatementMaker,
  StatementResult,
  ThreadOptions,
} from './messages.ts';
import { writeBackWhenQuiet } from './write-back.ts';

/** The thread's program: SQLite waits for the disk here, so that nobody's event loop has to. */
const batchesPerCommit = 200;
/** How long a commit may go unnoticed: of whoever gives no hints, and where the system lets nobody watch a file. */
const lookEveryMs = { hinted: 50, unhinted: 5 };

if (parentPort === null) throw new Error('thread.ts runs in a worker thread');
const port = parentPort;
const { file, writeBack } = workerData as ThreadOptions;
let watching: { readonly stop: () => void } | undefined;

const made = await loadMaker(workerData as ThreadOptions);
const connection = open();
if (connection !== undefined) serve(connection);

async function loadMaker({ maker }: ThreadOptions): Promise<MadeOf> {
  if (maker === undefined)
    return () => {
      throw new Error('This database was opened without a maker');
    };
  const { makeStatements } = (await import(maker)) as StatementMaker;
  return (input) => makeStatements(input, file);
}

/** The answer with id 0 says how opening went. */
function open(): Connection | undefined {
  try {
    const opened = new Connection(workerData as ThreadOptions);
    send([{ id: 0, results: [] }], false);
    return opened;
  } catch (error) {
    send([{ id: 0, error: factsOf(error) }], false);
    return undefined;
  }
}

function serve(connection: Connection): void {
  const wrote = writeBack && writeBackWhenQuiet(connection, writeBack.quiet);
  port.on('message', (first: Request) => {
    const requests = [first, ...waitingRequests()];
    while (requests.length > 0) {
      const { replies, isQuiet, isScript } = answerNext(connection, requests);
      if (isQuiet) connection.passOver();
      else if (connection.hasWritten()) {
        giveHint(file);
        wrote?.();
      } else if (isScript) {
        // It may have moved pages, which changes no row.
        wrote?.();
      }
      send(replies, !isQuiet && watching !== undefined && hasChanged(connection));
    }
    // Without its port the thread has nothing left to wait for, and ends.
    if (!connection.isOpen) port.close();
  });
}

function waitingRequests(): Request[] {
  const requests: Request[] = [];
  while (requests.length < batchesPerCommit) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) break;
    requests.push(received.message as Request);
  }
  return requests;
}

/** Takes the next request off the list, or all the writing batches that stand at its head. */
function answerNext(connection: Connection, requests: Request[]): Answered {
  const batches: Batch[] = [];
  for (;;) {
    const next = requests[0];
    if (next?.kind !== 'batch' && next?.kind !== 'make') break;
    if (isReadOnly(next) && batches.length > 0) break;
    batches.push(next);
    requests.shift();
    if (isReadOnly(next)) break;
  }
  if (batches.length > 0)
    return {
      replies: runBatches(connection, batches, made),
      isQuiet: areQuiet(batches),
      isScript: false,
    };
  const request = requests.shift();
  const replies = request === undefined ? [] : [answer(connection, request)];
  return { replies, isQuiet: false, isScript: request?.kind === 'script' };
}

interface Answered {
  readonly replies: readonly Reply[];
  readonly isQuiet: boolean;
  readonly isScript: boolean;
}

function answer(connection: Connection, request: Request): Reply {
  try {
    return { id: request.id, results: execute(connection, request) };
  } catch (error) {
    return { id: request.id, error: factsOf(error) };
  }
}

function execute(connection: Connection, request: Request): readonly StatementResult[] {
  switch (request.kind) {
    case 'run':
      return [runAlone(connection, request.statement)];
    case 'batch':
    case 'make':
      throw new Error('Batches are run by runBatches');
    case 'rollback':
      connection.rollback();
      return [];
    case 'script':
      if (!connection.inTransaction) connection.setSync(true);
      connection.script(request.sql);
      return [];
    case 'watch':
      watch(connection, request.on);
      return [];
    case 'close':
      watch(connection, false);
      connection.close();
      return [];
  }
}

/** In a transaction that is open, what was done before is undone with it. */
function runAlone(connection: Connection, statement: Statement): StatementResult {
  if (connection.inTransaction) return connection.run(statement);
  connection.setSync(true);
  return connection.withRoomOfLog(() => connection.run(statement));
}

/** SQLite tells nobody of a commit; reading its counter costs a few microseconds. */
function watch(connection: Connection, on: boolean): void {
  watching?.stop();
  watching = undefined;
  if (!on) return;
  hasChanged(connection);
  const look = (): void => {
    if (hasChanged(connection)) send([], true);
  };
  const hints = hearHints(file, look);
  const timer = setInterval(look, hints ? lookEveryMs.hinted : lookEveryMs.unhinted);
  watching = {
    stop() {
      hints?.close();
      clearInterval(timer);
    },
  };
}

/** Where the file cannot be read, whoever is called back will find out why; a hint too many does no harm. */
function hasChanged(connection: Connection): boolean {
  try {
    if (!connection.hasChanged()) return false;
  } catch {
    return true;
  }
  return true;
}

function send(replies: readonly Reply[], changed: boolean): void {
  const answers: Answers = { replies, changed };
  port.postMessage(answers);
}
