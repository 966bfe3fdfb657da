/** Time and identity come from outside, so that the rules stay pure. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}
