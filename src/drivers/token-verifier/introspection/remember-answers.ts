import { createHash } from 'node:crypto';
import type { Clock } from '../../../ports/clock.ts';
import type { TokenVerifier, VerifiedToken } from '../../../ports/token-verifier.ts';

const rememberMs = 60_000;
/** Shorter: it costs one question more, and a token may be used a moment before its issuer knows it everywhere. */
const rememberInvalidMs = 10_000;
const rememberedTokens = 10_000;

interface Remembered {
  readonly until: number;
  /** Also while it is being asked, so that one question is enough for everybody who waits. */
  readonly answer: Promise<VerifiedToken | undefined>;
}

/** Keeps what was said of a token for a while, by its hash. What fails is not kept. */
export function rememberAnswers(
  ask: TokenVerifier['verify'],
  clock: Clock,
): TokenVerifier['verify'] {
  const remembered = new Map<string, Remembered>();
  const remember = (hash: string, one: Remembered): void => {
    remembered.delete(hash);
    remembered.set(hash, one);
    const [oldest] = remembered.keys();
    if (remembered.size > rememberedTokens && oldest !== undefined) remembered.delete(oldest);
  };

  return async (token) => {
    const hash = createHash('sha256').update(token).digest('base64url');
    const known = remembered.get(hash);
    if (known !== undefined && known.until > clock.now())
      return stillValid(await known.answer, clock);
    const answer = ask(token);
    remember(hash, { until: Number.POSITIVE_INFINITY, answer });
    try {
      const found = await answer;
      const now = clock.now();
      const until =
        found === undefined ? now + rememberInvalidMs : Math.min(now + rememberMs, found.expiresAt);
      remember(hash, { until, answer });
      return found;
    } catch (error) {
      remembered.delete(hash);
      throw error;
    }
  };
}

function stillValid(token: VerifiedToken | undefined, clock: Clock): VerifiedToken | undefined {
  return token !== undefined && token.expiresAt > clock.now() ? token : undefined;
}
