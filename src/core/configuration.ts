/** A value a client sent for a configuration key. */
export interface ConfigurationValue {
  readonly key: string;
  readonly value: string;
}

/** A secured value as it is kept: sealed by the secret box, its length known for the mask only. */
export interface SealedValue {
  readonly key: string;
  readonly sealed: string;
  readonly empty: boolean;
}

export interface StoredConfiguration {
  readonly standard: readonly ConfigurationValue[];
  readonly secured: readonly SealedValue[];
}

/** Contract §10, row 16: a fixed mask, which hides the length too. */
export const securedValueMask = '********';

/** A client that sends back what it read means "leave it as it is" (contract §3.4). */
export function isMask(value: string): boolean {
  return value.length > 0 && /^\*+$/.test(value);
}
