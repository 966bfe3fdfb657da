import { reject } from '../../core/errors.ts';
import { type KeptAnswer, keptAnswerLimits } from '../../core/kept-answer.ts';
import { AlreadyKept } from '../../core/store-failure.ts';
import type { Store } from '../../ports/store.ts';
import { answerOfCommit } from './answer-of-commit.ts';
import type { Answer, AnswerHeaders, ApiDependencies, Foretell } from './route.ts';

export type FinishedAnswer = Answer & { readonly headers?: AnswerHeaders };

/** What is sealed: the body of a request can be guessed from its fingerprint, and an answer can hold a secret. */
interface Kept {
  readonly fingerprint: string;
  readonly answer: FinishedAnswer;
}

interface Keyed {
  readonly id: string;
  /** The `Idempotency-Key`. */
  readonly key: string;
}

interface AnswerKeeper {
  /** The request's own view of the store: its first commit keeps an answer with whatever else it changes. */
  readonly store: Store;
  readonly foretell: Foretell;
  /** The answer that is really given, where something was committed. */
  settle(answer: FinishedAnswer): Promise<void>;
}

export function keepAnswer(
  deps: ApiDependencies,
  request: Keyed & { readonly projectKey: string; readonly fingerprint: string },
): AnswerKeeper {
  const { id, key, projectKey, fingerprint } = request;
  const { store, clock, answers } = deps;
  const seal = (text: string) => answers.seal(text, { id, key });
  const print = (answer: FinishedAnswer) => JSON.stringify({ fingerprint, answer } satisfies Kept);
  let foretold: FinishedAnswer | undefined;
  let kept: string | undefined;
  return {
    foretell: (answer) => {
      foretold = answer;
    },
    store: {
      ...store,
      async commit(changes, fence) {
        if (kept !== undefined) return store.commit(changes, fence);
        const text = print(foretold ?? (await answerOfCommit(deps, changes)));
        const answer = { id, projectKey, sealed: seal(text), createdAt: clock.now() };
        const keep = { kind: 'insert-kept-answer', answer, limits: keptAnswerLimits } as const;
        await store.commit([keep, ...changes], fence).catch(refuseSecond);
        kept = text;
      },
    },
    async settle(answer) {
      const text = print(answer);
      if (kept === undefined || kept === text) return;
      await store.commit([{ kind: 'update-kept-answer', id, sealed: seal(text) }]);
    },
  };
}

export function openAnswer(
  { answers }: ApiDependencies,
  { id, sealed }: KeptAnswer,
  key: string,
): Kept {
  return JSON.parse(answers.open(sealed, { id, key })) as Kept;
}

/** Another process has done it meanwhile. */
function refuseSecond(error: unknown): never {
  if (error instanceof AlreadyKept) reject('IdempotencyKeyInUse', {});
  throw error;
}
