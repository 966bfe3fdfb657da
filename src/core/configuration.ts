import type { ConfigurationKey, ConfigurationKeys, ConnectorSpec } from './connector-spec.ts';
import { type ApiError, apiError } from './errors.ts';

/** A value a client sent for a configuration key. */
export interface ConfigurationValue {
  readonly key: string;
  readonly value: string;
}

/**
 * A secured value as it is kept: sealed by the secret box. Whether it is empty may be known, for the rules below, and how
 * many characters it has, for masks: the length of the sealed text tells whoever reads the store that much anyway.
 */
export interface SealedValue {
  readonly key: string;
  readonly sealed: string;
  readonly empty: boolean;
  /** In characters; absent where it was sealed before lengths were kept. */
  readonly length?: number;
}

export interface StoredConfiguration {
  readonly standard: readonly ConfigurationValue[];
  readonly secured: readonly SealedValue[];
}

export const emptyConfiguration: StoredConfiguration = { standard: [], secured: [] };

/** Contract §10, row 16: one mask for all, which hides the length too, or asterisks as many as the secret's characters. */
export const secretMasks = ['fixed', 'same-length'] as const;
export type SecretMask = (typeof secretMasks)[number];

const fixedMask = '********';

/** What the API answers instead of a secured value. */
export function maskValue({ length }: SealedValue, mask: SecretMask): string {
  return mask === 'fixed' || length === undefined ? fixedMask : '*'.repeat(length);
}

/** A client that sends back what it read means "leave it as it is" (contract §3.4). */
export function isMask(value: string): boolean {
  return value.length > 0 && /^\*+$/.test(value);
}

interface Values {
  readonly standard: readonly ConfigurationValue[];
  readonly secured: readonly ConfigurationValue[];
}

/** Seals one secured value; given by the caller, because rules know no cryptography. */
export type Seal = (key: string, value: string) => string;

/**
 * What is kept after new values came in: each replaces its key, what is not named stays (contract §2.4).
 * A mask is no value: it leaves what is stored alone, and where nothing is stored nothing is there.
 */
export function mergeConfiguration(
  stored: StoredConfiguration,
  sent: Values,
  seal: Seal,
): StoredConfiguration {
  const secured = sent.secured
    .filter(({ value }) => !isMask(value))
    .map(({ key, value }) => ({
      key,
      sealed: seal(key, value),
      empty: value === '',
      length: [...value].length,
    }));
  return {
    standard: replaceByKey(stored.standard, sent.standard),
    secured: replaceByKey(stored.secured, secured),
  };
}

function replaceByKey<T extends { readonly key: string }>(
  stored: readonly T[],
  sent: readonly T[],
): readonly T[] {
  const merged = new Map(stored.map((entry) => [entry.key, entry]));
  for (const entry of sent) merged.set(entry.key, entry);
  return [...merged.values()];
}

/** What a new connector version no longer declares goes; what has become a secret must not stay readable. */
export function keepDeclared(
  keys: ConfigurationKeys,
  stored: StoredConfiguration,
): StoredConfiguration {
  const standard = new Set(keys.standard.map(({ key }) => key));
  const secured = new Set(keys.secured.map(({ key }) => key));
  return {
    standard: stored.standard.filter(({ key }) => standard.has(key)),
    secured: stored.secured.filter(({ key }) => secured.has(key)),
  };
}

/** Keys that the connector does not declare, or that are in the wrong list (contract §3.2). */
export function findUnknownKeys(
  keys: ConfigurationKeys,
  sent: Values,
  application: string | undefined,
): ApiError[] {
  return [
    ...unknown(keys.standard, sent.standard, 'standard', application),
    ...unknown(keys.secured, sent.secured, 'secret', application),
  ];
}

function unknown(
  declared: readonly ConfigurationKey[],
  sent: readonly ConfigurationValue[],
  kind: 'standard' | 'secret',
  application: string | undefined,
): ApiError[] {
  const names = new Set(declared.map((entry) => entry.key));
  return sent
    .filter(({ key }) => !names.has(key))
    .map(({ key }) =>
      application === undefined
        ? apiError('DeploymentUnknownGlobalConfigurationKey', { kind, key })
        : apiError('DeploymentUnknownApplicationConfigurationKey', { kind, key, application }),
    );
}

/** Required keys without a value. A default satisfies the requirement (contract §10, row 10). */
export function findMissingValues(
  keys: ConfigurationKeys,
  stored: StoredConfiguration,
  application: string | undefined,
): ApiError[] {
  const standard = new Map(stored.standard.map(({ key, value }) => [key, value === '']));
  const secured = new Map(stored.secured.map(({ key, empty }) => [key, empty]));
  return [
    ...missing(keys.standard, standard, 'standard', application),
    ...missing(keys.secured, secured, 'secret', application),
  ];
}

function missing(
  declared: readonly ConfigurationKey[],
  emptyByKey: ReadonlyMap<string, boolean>,
  kind: 'standard' | 'secret',
  application: string | undefined,
): ApiError[] {
  return declared.flatMap(({ key, required, default: fallback }) => {
    const empty = emptyByKey.get(key);
    if (!required || empty === false || (empty === undefined && fallback !== undefined)) return [];
    if (application === undefined) {
      return empty === undefined
        ? apiError('DeploymentMissingGlobalConfigurationKey', { kind, key })
        : apiError('DeploymentEmptyRequiredGlobalConfigurationKey', { kind, key });
    }
    return empty === undefined
      ? apiError('DeploymentMissingApplicationConfigurationKey', { kind, key, application })
      : apiError('DeploymentEmptyRequiredApplicationConfigurationKey', { kind, key, application });
  });
}

export function applicationNamed(
  spec: ConnectorSpec,
  name: string,
): ConnectorSpec['applications'][number] | undefined {
  return spec.applications.find((application) => application.name === name);
}
