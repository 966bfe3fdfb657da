import { setTimeout as wait } from 'node:timers/promises';
import { BridgeFailure, type BridgeFailureReason } from '../../../core/failure.ts';
import type { Answer, OutgoingRequest, Send } from './send.ts';
import type { Tokens } from './tokens.ts';

/** Google Pub/Sub of one project. */
export interface Google {
  readonly send: Send;
  readonly tokens: Tokens;
  readonly endpoint: string;
  readonly projectId: string;
}

export type Call = Pick<OutgoingRequest, 'purpose' | 'method' | 'json' | 'signal' | 'timeoutMs'> & {
  /** Behind `/v1/projects/{project}/`. */
  readonly path: string;
};

/** The pauses before further attempts, where Google has other trouble or too much to do. */
const pausesMs = [300, 1_000, 3_000];

/** Of what a person waits for. @throws BridgeFailure where Google is not to be reached */
export async function callPatiently(google: Google, request: Call): Promise<Answer> {
  for (const pauseMs of pausesMs) {
    const answer = await call(google, request).catch((error: unknown) => {
      if (!(error instanceof BridgeFailure) || error.reason !== 'unavailable') throw error;
      return undefined;
    });
    if (answer !== undefined && !isTransient(answer)) return answer;
    await wait(pauseMs, undefined, { signal: request.signal });
  }
  return call(google, request);
}

/** A key may be exchanged while Berth runs, so a 401 gets one try with a new token. */
export async function call(google: Google, { path, ...request }: Call): Promise<Answer> {
  const attempt = async (): Promise<Answer> => {
    const token = await google.tokens.take(request.signal);
    return google.send({
      ...request,
      url: `${google.endpoint}/v1/projects/${google.projectId}/${path}`,
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    });
  };
  const first = await attempt();
  if (first.status !== 401) return first;
  google.tokens.discard();
  return attempt();
}

/** What Google's refusal means, and what to do about it. */
export function explain(
  { projectId, tokens }: Google,
  purpose: string,
  answer: Answer,
): BridgeFailure {
  return failureOf(purpose, answer, nextStepAfter(answer, projectId, tokens.holder));
}

/** Where a subscription is asked for that Berth has made once. */
export function explainMissing(google: Google, purpose: string, answer: Answer): BridgeFailure {
  if (answer.status !== 404) return explain(google, purpose, answer);
  return failureOf(purpose, answer, 'Redeploy the Deployment: that makes its topics again.');
}

function failureOf(purpose: string, answer: Answer, nextStep: string): BridgeFailure {
  const said = answer.message ?? 'no reason was given';
  const message = `${purpose}: ${said} (HTTP ${answer.status})`;
  return new BridgeFailure(reasonOf(answer), message, { nextStep });
}

function isTransient({ status }: Answer): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function reasonOf(answer: Answer): BridgeFailureReason {
  if (isTransient(answer)) return 'unavailable';
  return answer.status === 404 ? 'unknown' : 'refused';
}

function nextStepAfter(answer: Answer, projectId: string, holder: string): string {
  if (isTransient(answer)) return 'Try again later.';
  switch (answer.status) {
    case 401:
      return `Check that ${holder} still exists and that its key in BERTH_PUBSUB_CREDENTIALS_FILE was not deleted.`;
    case 403:
      return `Give ${holder} the role roles/pubsub.admin in the Google Cloud project ${projectId}, and see that the Pub/Sub API is enabled there.`;
    case 404:
      return `Check that the Google Cloud project ${projectId} (BERTH_PUBSUB_PROJECT_ID) exists.`;
    default:
      return 'Check BERTH_PUBSUB_PROJECT_ID and BERTH_PUBSUB_ENDPOINT, and what the message says.';
  }
}
