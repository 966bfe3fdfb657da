/**
 * The key of one owner, as it is stored. Whoever has this can seal for the owner; what was sealed opens only for whoever
 * has the master key too. Where it is deleted, nothing that was sealed with it opens any more.
 */
export interface SealingKey {
  /** Id of a Deployment, or Berth itself. */
  readonly owner: string;
  /** Names it in what is sealed with it. */
  readonly id: string;
  readonly publicKey: string;
  /** Names the master key that the other two are sealed with. */
  readonly masterKeyId: string;
  readonly wrappedPrivateKey: string;
  /** Tells what is sealed apart, and opens none of it. */
  readonly wrappedDigestKey: string;
}

/** Of what belongs to no Deployment. */
export const berthItself = 'berth';
