import type { EventBroker } from '../../../ports/event-broker.ts';
import { openSqlite } from '../../sqlite/open-sqlite.ts';
import { openBrokerRoom } from './broker-room.ts';
import { openClaims } from './claim.ts';
import { readDeadLetters, redeliver } from './dead-letters.ts';
import { publish } from './publish.ts';
import { receive } from './receive.ts';
import { type BrokerDatabase, migrations } from './schema.ts';
import { compileSettlements } from './settle.ts';
import { dueTopics, keepTopics, readDepth, removeTopic } from './topics.ts';

/** Topics in a SQLite file of their own, which several processes may open. */
export async function openEmbeddedBroker(options: {
  readonly file: string;
  /** `publish` refuses what is above it. Bytes; 10 GiB by default. */
  readonly maxBytes?: number;
  /** For who seldom needs it: see `openSqlite`. */
  readonly restMs?: number;
}): Promise<EventBroker> {
  const database = await openSqlite<BrokerDatabase>({
    file: options.file,
    synchronous: 'FULL',
    migrations,
    ...(options.restMs === undefined ? {} : { restMs: options.restMs }),
  });
  const { kysely } = database;
  const room = openBrokerRoom(database, options.maxBytes ?? 10 * 1024 ** 3);
  return {
    async publish(topic, messages, now) {
      await room.make(messages);
      return publish(database, topic, messages, now);
    },
    async receive(topic, messages, now) {
      await room.make(messages);
      await receive(database, topic, messages, now);
    },
    claim: openClaims(database),
    dueTopics: (topics, now) => dueTopics(kysely, topics, now),
    async settle(outcomes) {
      // What was acknowledged just before a power cut comes once more.
      const isQuiet = outcomes.every(({ outcome }) => outcome !== 'returned');
      await database.runBatch(compileSettlements(kysely, outcomes), { mayBeLost: true, isQuiet });
    },
    deadLetters: (topics, page) => readDeadLetters(kysely, topics, page),
    redeliver: (topic, request) => redeliver(database, topic, request),
    depth: (topic) => readDepth(kysely, topic),
    removeTopic: (topic) => removeTopic(kysely, topic),
    keepTopics: (rule) => keepTopics(kysely, rule),
    watch: (hint) => database.watch(hint),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
