import { ProjectApiFailure } from '../../../core/failure.ts';
import type { CreatedApiClient, ProjectApi } from '../../../ports/project-api.ts';
import { explain } from './explain.ts';
import { type Answer, createSender, field, isSuccess, type Send } from './send.ts';
import { createTokens, type Tokens } from './tokens.ts';

export interface HttpProjectApiOptions {
  readonly apiUrl: string;
  readonly authUrl: string;
  /** The privileged API client, with `manage_api_clients` in every project it is used for. */
  readonly clientId: string;
  readonly clientSecret: string;
  readonly fetch?: typeof fetch;
  /** Bound of each request, its answer included. */
  readonly timeoutMs?: number;
}

/** API clients in projects of commercetools itself, or of what speaks like it. */
export function openHttpProjectApi(options: HttpProjectApiOptions): ProjectApi {
  const send = createSender(options);
  const platform = { send, tokens: createTokens(send, options), apiUrl: baseOf(options.apiUrl) };
  return {
    createApiClient: (request) => createApiClient(platform, request),
    deleteApiClient: (request) => deleteApiClient(platform, request),
    deleteApiClientsNamed: (request) => deleteApiClientsNamed(platform, request),
  };
}

interface Platform {
  readonly send: Send;
  readonly tokens: Tokens;
  readonly apiUrl: string;
}

async function createApiClient(
  platform: Platform,
  { projectKey, name, scopes }: Parameters<ProjectApi['createApiClient']>[0],
): Promise<CreatedApiClient> {
  const purpose = `The API client '${name}' could not be made in project '${projectKey}'`;
  const answer = await call(platform, purpose, {
    method: 'POST',
    url: `${platform.apiUrl}/${encodeURIComponent(projectKey)}/api-clients`,
    json: { name, scope: scopes.map((scope) => `${scope}:${projectKey}`).join(' ') },
  });
  if (answer.status === 400) throw explain(purpose, answer, correctScopes(scopes));
  if (!isSuccess(answer)) throw explain(purpose, answer, stepFor(answer, projectKey));
  return readCreated(answer, purpose);
}

async function deleteApiClient(
  platform: Platform,
  { projectKey, id }: Parameters<ProjectApi['deleteApiClient']>[0],
): Promise<void> {
  const purpose = `The API client '${id}' could not be deleted in project '${projectKey}'`;
  const answer = await call(platform, purpose, {
    method: 'DELETE',
    url: `${platform.apiUrl}/${encodeURIComponent(projectKey)}/api-clients/${encodeURIComponent(id)}`,
  });
  if (answer.status === 404) return;
  if (!isSuccess(answer)) throw explain(purpose, answer, stepFor(answer, projectKey));
}

async function deleteApiClientsNamed(
  platform: Platform,
  { projectKey, name }: Parameters<ProjectApi['deleteApiClientsNamed']>[0],
): Promise<void> {
  const purpose = `API clients named '${name}' could not be looked for in project '${projectKey}'`;
  const query = new URLSearchParams({ where: `name=${JSON.stringify(name)}`, limit: '500' });
  const answer = await call(platform, purpose, {
    method: 'GET',
    url: `${platform.apiUrl}/${encodeURIComponent(projectKey)}/api-clients?${query}`,
  });
  if (!isSuccess(answer)) throw explain(purpose, answer, stepFor(answer, projectKey));
  for (const client of resultsOf(answer.body)) {
    const id = field(client, 'id');
    if (id === undefined || field(client, 'name') !== name) continue;
    await deleteApiClient(platform, { projectKey, id });
  }
}

function resultsOf(page: unknown): readonly unknown[] {
  const results =
    typeof page === 'object' && page !== null && 'results' in page ? page.results : undefined;
  return Array.isArray(results) ? results : [];
}

interface AuthorizedRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly json?: unknown;
}

/** A token may be revoked before it expires, so a 401 gets one try with a new one. */
async function call(
  { send, tokens }: Platform,
  purpose: string,
  { method, url, json }: AuthorizedRequest,
): Promise<Answer> {
  const attempt = async (token: string) =>
    send({
      purpose,
      method,
      url,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      secrets: [token],
    });
  const token = await tokens.take();
  const first = await attempt(token);
  if (first.status !== 401) return first;
  tokens.discard(token);
  return attempt(await tokens.take());
}

function readCreated(answer: Answer, purpose: string): CreatedApiClient {
  const id = field(answer.body, 'id');
  const secret = field(answer.body, 'secret');
  const scope = field(answer.body, 'scope');
  if (id !== undefined && secret !== undefined && scope !== undefined) return { id, secret, scope };
  throw new ProjectApiFailure(`${purpose}: the platform answered without its id, secret or scope`, {
    nextStep: 'Check BERTH_PLATFORM_API_URL, and delete the API client if it was made.',
  });
}

function correctScopes(scopes: readonly string[]): string {
  return `Correct \`inheritAs.apiClient.scopes\` in connect.yaml (now: ${scopes.join(', ')}). Some scopes exist with manage_ only: there is no view_subscriptions and no view_extensions.`;
}

function stepFor({ status }: Answer, projectKey: string): string {
  if (status === 401) return 'Check that the API client of BERTH_PLATFORM_CLIENT_ID still exists.';
  if (status === 403)
    return `Give the API client of BERTH_PLATFORM_CLIENT_ID the scope manage_api_clients:${projectKey}.`;
  if (status === 404)
    return `Check that the project '${projectKey}' exists at BERTH_PLATFORM_API_URL.`;
  return status === 429 || status >= 500
    ? 'Try again later.'
    : 'Check that BERTH_PLATFORM_API_URL is the API of a commercetools platform.';
}

function baseOf(url: string): string {
  return url.replace(/\/+$/, '');
}
