/**
 * Places that processes share, so many of each pool, each held until a time: for what must not happen more often at once,
 * whoever does it. Whoever dies holds nothing for long.
 */
export interface Leases {
  /** Takes one of the places, whose holder's time may be over. False while all are held. */
  take(request: {
    readonly pool: string;
    readonly size: number;
    /** Unique to this use. */
    readonly holder: string;
    /** Who uses it: `releaseAll` ends all uses of one. */
    readonly worker: string;
    /** ms since the epoch */
    readonly now: number;
    readonly until: number;
  }): Promise<boolean>;
  /** False where somebody else has taken the place. */
  renew(use: { readonly holder: string; readonly until: number }): Promise<boolean>;
  /** Of what is not held nothing happens. */
  release(holder: string): Promise<void>;
  releaseAll(worker: string): Promise<void>;
}
