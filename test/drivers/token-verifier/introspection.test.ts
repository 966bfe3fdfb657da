import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { IssuerFailure } from '../../../src/core/failure.ts';
import { openIntrospection } from '../../../src/drivers/token-verifier/introspection/introspection.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { describeTokenVerifier } from '../../contract/token-verifier.suite.ts';
import { movedClock } from '../../support/moved-clock.ts';
import { issuerClient, openTokenIssuer } from '../../support/token-issuer.ts';

async function openPlace(clock: Clock, options: { readonly timeoutMs?: number } = {}) {
  const issuer = await openTokenIssuer();
  return {
    issuer,
    verifier: openIntrospection({ url: issuer.url, ...issuerClient, clock, ...options }),
    issue: async (given: { scopes: readonly string[]; lifetimeSeconds: number }) => {
      const token = randomBytes(24).toString('base64url');
      const exp = Math.floor(clock.now() / 1000) + given.lifetimeSeconds;
      const scope = given.scopes.join(' ');
      issuer.answers.set(token, { active: true, scope, client_id: 'client', exp });
      return { token, clientId: 'client' };
    },
    [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose](),
  };
}

describeTokenVerifier('Introspection', openPlace);

const given = { scopes: ['manage_project:shop'], lifetimeSeconds: 3600 };

describe('what the issuer says', () => {
  test('is believed for a minute', async () => {
    const clock = movedClock();
    await using place = await openPlace(clock);
    const { token } = await place.issue(given);
    for (let i = 0; i < 3; i += 1) await place.verifier.verify(token);
    expect(place.issuer.asked).toEqual([token]);

    clock.move(60_000);
    place.issuer.answers.set(token, { active: false });
    expect(await place.verifier.verify(token)).toBeUndefined();
    expect(place.issuer.asked).toEqual([token, token]);
  });

  test('is believed for ten seconds where the token is not valid', async () => {
    const clock = movedClock();
    await using place = await openPlace(clock);
    const { token } = await place.issue(given);
    const active = place.issuer.answers.get(token);
    place.issuer.answers.delete(token);
    for (let i = 0; i < 3; i += 1) expect(await place.verifier.verify(token)).toBeUndefined();
    expect(place.issuer.asked).toEqual([token]);

    place.issuer.answers.set(token, active);
    clock.move(10_000);
    expect(await place.verifier.verify(token)).toBeDefined();
  });

  test('is asked once for everybody who waits for it', async () => {
    await using place = await openPlace(movedClock());
    const { token } = await place.issue(given);
    await Promise.all(Array.from({ length: 20 }, () => place.verifier.verify(token)));

    expect(place.issuer.asked).toEqual([token]);
  });

  test('counts without an end for a minute, and without a client by its subject', async () => {
    const clock = movedClock();
    await using place = await openPlace(clock);
    const scope = 'manage_project:shop';
    place.issuer.answers.set('endless', { active: true, scope, sub: 'somebody' });
    const verified = await place.verifier.verify('endless');

    expect(verified?.clientId).toBe('somebody');
    expect(verified?.expiresAt).toBeGreaterThan(clock.now());
    expect(verified?.expiresAt).toBeLessThanOrEqual(clock.now() + 60_000);
  });

  test.for([
    ['no scopes', {}],
    ['scopes of no project', { scope: 'manage_project' }],
    ['scopes of two projects', { scope: 'manage_project:shop manage_project:other' }],
    ['scopes that are no text', { scope: ['manage_project:shop'] }],
    ['an end that has passed', { scope: 'manage_project:shop', exp: 1 }],
  ] as const)('makes a token good for nothing with %s', async ([, fields]) => {
    await using place = await openPlace(movedClock());
    place.issuer.answers.set('token', { active: true, client_id: 'c', ...fields });

    expect(await place.verifier.verify('token')).toBeUndefined();
  });
});

describe('an issuer that', () => {
  const json = (body: string) => (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  test.for<[string, (response: ServerResponse) => unknown]>([
    ['refuses', (response) => response.writeHead(401).end('{"active":true}')],
    ['is broken', (response) => response.writeHead(500).end()],
    ['hangs up', (response) => response.destroy()],
    ['says nothing for too long', () => undefined],
    ['sends somewhere else', (response) => response.writeHead(307, { location: '/else' }).end()],
    ['answers no JSON', json('<html>')],
    ['answers a list', json('[]')],
    ['does not say whether it is active', json('{"scope":"manage_project:shop"}')],
    ['says it in text', json('{"active":"true","scope":"manage_project:shop"}')],
    ['says far too much', json(`{"active":true,"scope":"${'x'.repeat(100_000)}"}`)],
  ])('%s is a failure that tells no secret and is not remembered', async ([, respond]) => {
    await using place = await openPlace(movedClock(), { timeoutMs: 300 });
    const { token } = await place.issue(given);
    place.issuer.respond = respond;
    const failure = await place.verifier.verify(token).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(IssuerFailure);
    const { message, cause } = failure as IssuerFailure;
    expect([message, cause]).toEqual([
      expect.stringMatching(/^The issuer|^What the issuer/),
      undefined,
    ]);
    expect(message).not.toMatch(/127\.0\.0\.1|secret/);
    expect(message).not.toContain(token);
    place.issuer.respond = undefined;
    expect(await place.verifier.verify(token)).toBeDefined();
  });

  test('is not there is a failure', async () => {
    await using place = await openPlace(movedClock());
    await place.issuer[Symbol.asyncDispose]();

    await expect(place.verifier.verify('token')).rejects.toThrow('it cannot be reached');
  });

  test('is slow is not asked more than it can bear', async () => {
    await using place = await openPlace(movedClock());
    const held: ServerResponse[] = [];
    place.issuer.respond = (response) => held.push(response);
    const waiting = Array.from({ length: 50 }, (_, i) => place.verifier.verify(`token-${i}`));
    await expect(place.verifier.verify('one too many')).rejects.toThrow('Too many access tokens');
    await expect.poll(() => held.length).toBe(50);
    for (const response of held) response.end('{"active":false}');

    expect(new Set(await Promise.all(waiting))).toEqual(new Set([undefined]));
    place.issuer.respond = undefined;
    expect(await place.verifier.verify('now')).toBeUndefined();
  });
});
