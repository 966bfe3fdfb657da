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
