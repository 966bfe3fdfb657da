/** What a request with an `Idempotency-Key` was answered, for whoever repeats it. */
export interface KeptAnswer {
  /** A digest of project, API client and key. */
  readonly id: string;
  readonly projectKey: string;
  /** Sealed, because answers can hold secrets. */
  readonly sealed: string;
  readonly createdAt: number;
}

/** What is older, or of a project too much, is forgotten, the oldest first. */
export interface KeptAnswerLimits {
  readonly ageMs: number;
  readonly count: number;
  readonly bytes: number;
}

export const keptAnswerLimits: KeptAnswerLimits = {
  ageMs: 24 * 3600 * 1000,
  count: 10_000,
  bytes: 64 * 1024 * 1024,
};
