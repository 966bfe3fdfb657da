/** A message that nobody will deliver any more, unless somebody asks for it. */
export interface DeadLetter {
  readonly id: string;
  readonly topic: string;
  /** Base64. Absent where it is too large for a list. */
  readonly data?: string;
  /** Of what the data stands for. */
  readonly bytes: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** ms since the epoch */
  readonly publishTime: number;
  readonly diedAt: number;
  /** How many deliveries there were. */
  readonly attempts: number;
  /** Why the last one failed. */
  readonly reason: string;
}

/** Which dead messages of a topic; all of them where it says nothing. */
export interface DeadSelection {
  readonly ids?: readonly string[];
  /** ms since the epoch, the first moment of them */
  readonly diedFrom?: number;
  /** The first moment after them. */
  readonly diedUntil?: number;
}
