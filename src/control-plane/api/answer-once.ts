import { createHash } from 'node:crypto';
import { Rejection, reject } from '../../core/errors.ts';
import { keptAnswerLimits } from '../../core/kept-answer.ts';
import type { VerifiedToken } from '../../ports/token-verifier.ts';
import { printRejection } from '../../wire/error-response.ts';
import { holderOf } from '../commands/identity.ts';
import { type FinishedAnswer, keepAnswer, openAnswer } from './keep-answer.ts';
import type { ApiDependencies, Foretell } from './route.ts';

/** A request that its client may send again: who sent it, under which key, and what must be the same. */
export interface RepeatableRequest {
  readonly projectKey: string;
  readonly identity: VerifiedToken;
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/**
 * Does what was asked, and keeps the answer in the same commit; or answers what was kept, where it was done before.
 * A refusal that changed nothing is not kept: the next request with the key is looked at afresh.
 * @throws Rejection `IdempotencyKeyReused`, `IdempotencyKeyInUse`, or whatever `run` throws
 */
export async function answerOnce(
  deps: ApiDependencies,
  request: RepeatableRequest,
  run: (deps: ApiDependencies, foretell: Foretell) => Promise<FinishedAnswer>,
): Promise<FinishedAnswer> {
  const { projectKey, identity, key, method, path, body } = request;
  const id = digest(projectKey, holderOf(identity), identity.subject ?? '', key);
  const fingerprint = digest(method, path, body);
  using _running = deps.runningRequests.enter(id, fingerprint);

  const kept = await deps.store.keptAnswers.get(projectKey, id);
  if (kept !== undefined && deps.clock.now() - kept.createdAt < keptAnswerLimits.ageMs) {
    const found = openAnswer(deps, kept, key);
    if (found.fingerprint !== fingerprint) reject('IdempotencyKeyReused', {});
    return {
      ...found.answer,
      headers: { ...found.answer.headers, 'idempotency-replayed': 'true' },
    };
  }

  const keeper = keepAnswer(deps, { id, key, projectKey, fingerprint });
  try {
    const answer = await run({ ...deps, store: keeper.store }, keeper.foretell);
    await keeper.settle(answer);
    return answer;
  } catch (error) {
    // It may have been refused only after something was committed.
    if (error instanceof Rejection)
      await keeper.settle({ status: error.errors[0].status, body: printRejection(error) });
    throw error;
  }
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
