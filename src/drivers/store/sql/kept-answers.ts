import { type Kysely, sql } from 'kysely';
import type { KeptAnswer, KeptAnswerLimits } from '../../../core/kept-answer.ts';
import type { KeptAnswerReader } from '../../../ports/store.ts';
import type { Schema } from './schema.ts';
import type { Write } from './write.ts';

type Db = Kysely<Schema>;

export function createKeptAnswerReader(db: Db): KeptAnswerReader {
  return {
    async get(projectKey, id) {
      const row = await db
        .selectFrom('kept_answer')
        .selectAll()
        .where('project_key', '=', projectKey)
        .where('id', '=', id)
        .executeTakeFirst();
      return row && { id, projectKey, sealed: row.sealed, createdAt: row.created_at };
    },
  };
}

export function insertKeptAnswer(
  db: Db,
  answer: KeptAnswer,
  limits: KeptAnswerLimits,
): readonly Write[] {
  const { id, projectKey, sealed, createdAt } = answer;
  const row = { id, project_key: projectKey, ...sealedText(sealed), created_at: createdAt };
  return [
    // One that is too old gives its id back.
    ...forgetKeptAnswers(db, createdAt - limits.ageMs),
    {
      query: db
        .insertInto('kept_answer')
        .values(row)
        .onConflict((on) => on.column('id').doNothing()),
      expects: { kind: 'no-answer', id },
    },
    ...makeRoom(db, projectKey, limits),
  ];
}

export function updateKeptAnswer(db: Db, id: string, sealed: string): readonly Write[] {
  return [{ query: db.updateTable('kept_answer').set(sealedText(sealed)).where('id', '=', id) }];
}

/** Those of that time (ms since the epoch) and before. */
export function forgetKeptAnswers(db: Db, until: number): readonly Write[] {
  return [{ query: db.deleteFrom('kept_answer').where('created_at', '<=', until) }];
}

/** The size has a column of its own, so that nobody has to read the texts for it. */
function sealedText(sealed: string) {
  return { sealed, bytes: sealed.length };
}

/** How many are forgotten at once because of their size; whoever keeps the next one goes on. */
const forgottenAtOnce = 1000;

/** The newest is always kept, whatever its size. Mostly there is nothing to do, and then it must cost nothing. */
function makeRoom(
  db: Db,
  projectKey: string,
  { count, bytes }: KeptAnswerLimits,
): readonly Write[] {
  const its = db.selectFrom('kept_answer').where('project_key', '=', projectKey);
  const oneTooMany = its.select('seq').orderBy('seq', 'desc').limit(1).offset(count);
  const newest = its.select((eb) => eb.fn.max('seq').as('newest'));
  const total = sql<number>`(${its.select((eb) => eb.fn.sum('bytes').as('total'))})`;
  const oldest = its.select(['seq', 'bytes']).orderBy('seq').limit(forgottenAtOnce);
  const tooMuch = sql<number>`(select seq from (
    select seq, sum(bytes) over (order by seq) - bytes as older from (${oldest}) as oldest
  ) as added_up where older < ${total} - ${bytes})`;
  const ofProject = db.deleteFrom('kept_answer').where('project_key', '=', projectKey);
  return [
    { query: ofProject.where('seq', '<=', oneTooMany) },
    {
      query: ofProject
        .where(total, '>', bytes)
        .where('seq', 'in', tooMuch)
        .where('seq', '<', newest),
    },
  ];
}
