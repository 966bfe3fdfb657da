import { Failure } from '../../core/failure.ts';

/** Berth's public API, as any client sees it. */
export interface Api {
  /** @throws Failure with the API's own words where the status is no success */
  call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** Undefined where there is no such resource. */
  find<T>(path: string): Promise<T | undefined>;
}

const requestTimeoutMs = 90_000;

export async function logIn(
  url: string,
  client: { readonly clientId: string; readonly clientSecret: string },
  signal: AbortSignal,
): Promise<Api> {
  const send = async (path: string, init: RequestInit): Promise<Response> =>
    fetch(`${url}${path}`, {
      ...init,
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    });
  const granted = await send('/oauth/token', {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client.clientId}:${client.clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  if (!granted.ok) throw await refused('POST /oauth/token', granted);
  const { access_token } = (await granted.json()) as { readonly access_token: string };
  const authorization = { authorization: `Bearer ${access_token}` };
  return {
    async call<T>(method: string, path: string, body?: unknown): Promise<T> {
      const given = body === undefined ? {} : jsonBody(body);
      const response = await send(path, {
        method,
        ...given,
        headers: { ...given.headers, ...authorization },
      });
      if (!response.ok) throw await refused(`${method} ${path}`, response);
      return (await response.json()) as T;
    },
    async find<T>(path: string): Promise<T | undefined> {
      const response = await send(path, { headers: authorization });
      if (response.status === 404) {
        await response.body?.cancel();
        return undefined;
      }
      if (!response.ok) throw await refused(`GET ${path}`, response);
      return (await response.json()) as T;
    },
  };
}

function jsonBody(body: unknown): { body?: string; headers?: Record<string, string> } {
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

async function refused(request: string, response: Response): Promise<Failure> {
  const text = (await response.text()).slice(0, 2000);
  return new Failure(`${request} answered ${response.status}: ${text}`);
}
