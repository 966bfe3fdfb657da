import type { SealingKey } from '../core/sealing-key.ts';

export interface SealingKeyReader {
  get(owner: string): Promise<SealingKey | undefined>;
  /** The name of the master key that new keys are sealed with. */
  masterKeyId(): Promise<string | undefined>;
  /** Some of those that are sealed with another master key. */
  notSealedWith(masterKeyId: string, limit: number): Promise<readonly SealingKey[]>;
  /** Some of the Deployments that have none: their ids. */
  deploymentsWithout(limit: number): Promise<readonly string[]>;
}

export type SealingKeyChange =
  /** Which master key new keys are sealed with. `instead` names the one before; without it there must be none yet. */
  | { readonly kind: 'set-master-key'; readonly id: string; readonly instead?: string }
  | { readonly kind: 'insert-sealing-key'; readonly key: SealingKey }
  /** Of everybody, Berth's own among them: nothing that was sealed opens any more. */
  | { readonly kind: 'delete-sealing-keys' }
  /** The same key, sealed with another master key. Nothing happens where it is gone by now. */
  | { readonly kind: 'rewrap-sealing-key'; readonly key: SealingKey };
