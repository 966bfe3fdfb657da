import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Planes } from './planes.ts';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is whatever the server sent
  readonly body: any;
}

const patienceMs = 60_000;

/**
 * A client that does what a careful one does while the API comes and goes: it asks again, and sends what changes something
 * under the same Idempotency-Key.
 */
export interface Client {
  get(path: string): Promise<Answer>;
  /** Done once, however often it had to be sent. */
  post(path: string, body: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
}

export async function openClient(planes: Planes): Promise<Client> {
  const { id, secret } = planes.client;
  const login = await fetch(`${planes.api}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token } = (await login.json()) as { access_token: string };

  const ask = async (method: string, path: string, init: RequestInit): Promise<Answer> => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      try {
        const response = await fetch(`${planes.api}${path}`, {
          method,
          ...init,
          headers: { authorization: `Bearer ${access_token}`, ...init.headers },
          signal: AbortSignal.timeout(20_000),
        });
        const text = await response.text();
        // What failed inside may be tried again; a careful client does.
        if (response.status < 500 || Date.now() > deadline)
          return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
      await wait(20);
    }
  };
  return {
    get: (path) => ask('GET', path, {}),
    post: (path, body) =>
      ask('POST', path, {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      }),
    delete: (path) => ask('DELETE', path, {}),
  };
}
