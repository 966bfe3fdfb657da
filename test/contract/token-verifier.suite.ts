import { describe, expect, test } from 'vitest';
import type { TokenVerifier, VerifiedToken } from '../../src/ports/token-verifier.ts';
import { type MovedClock, movedClock } from '../support/moved-clock.ts';

export interface TokenPlace extends AsyncDisposable {
  readonly verifier: TokenVerifier;
  /** Lets whoever issues tokens issue one. */
  issue(given: {
    readonly scopes: readonly string[];
    readonly lifetimeSeconds: number;
  }): Promise<{ readonly token: string; readonly clientId: string }>;
}

/** What every token verifier promises. Scopes are of the project `shop`. */
export function describeTokenVerifier(
  name: string,
  open: (clock: MovedClock) => Promise<TokenPlace>,
): void {
  describe(`${name} as a token verifier`, () => {
    const scopes = ['manage_connectors:shop', 'view_orders:shop'];

    test('says who holds a token, for which project and what', async () => {
      const clock = movedClock();
      await using place = await open(clock);
      const { token, clientId } = await place.issue({ scopes, lifetimeSeconds: 600 });
      const verified = await place.verifier.verify(token);

      expect(verified).toEqual({
        clientId,
        projectKey: 'shop',
        scopes,
        expiresAt: expect.any(Number),
      } satisfies VerifiedToken);
      expect(verified?.expiresAt).toBeGreaterThan(clock.now() + 590_000);
      expect(verified?.expiresAt).toBeLessThanOrEqual(clock.now() + 600_000);
    });

    test('knows nothing of what nobody has issued', async () => {
      await using place = await open(movedClock());
      const { token } = await place.issue({ scopes, lifetimeSeconds: 600 });

      for (const other of ['', 'x', token.slice(1), `${token}x`, '\0', 'ä', 'a&token=b', '../..'])
        expect(await place.verifier.verify(other)).toBeUndefined();
    });

    test('takes no token that has expired, however often it was taken before', async () => {
      const clock = movedClock();
      await using place = await open(clock);
      const { token } = await place.issue({ scopes, lifetimeSeconds: 30 });
      expect(await place.verifier.verify(token)).toBeDefined();
      clock.move(29_000);
      expect(await place.verifier.verify(token)).toBeDefined();
      clock.move(1_001);

      expect(await place.verifier.verify(token)).toBeUndefined();
    });

    test('answers many at the same time', async () => {
      await using place = await open(movedClock());
      const issued = await Promise.all(
        Array.from({ length: 5 }, () => place.issue({ scopes, lifetimeSeconds: 600 })),
      );
      const asked = issued.flatMap(({ token }) => [token, token, `${token}x`]);
      const found = await Promise.all(asked.map((token) => place.verifier.verify(token)));

      expect(found.map((one) => one !== undefined)).toEqual(
        issued.flatMap(() => [true, true, false]),
      );
    });
  });
}
