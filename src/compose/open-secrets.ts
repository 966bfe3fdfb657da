import type { Config } from '../config/parse-config.ts';
import { Failure } from '../core/failure.ts';
import {
  openSecretBox,
  type SecretBox,
  secretBoxFromKey,
} from '../drivers/secret-box/aes-gcm/secret-box.ts';
import type { Store } from '../ports/store.ts';
import { dataLayout } from './data-layout.ts';

export type MasterKeySettings = Pick<Config, 'dataDirectory' | 'masterKey'>;

/** The box of the master key that the settings give, or that lies in the key file. */
export async function openSecrets(config: MasterKeySettings): Promise<SecretBox> {
  const { key, previous } = config.masterKey;
  if (key !== undefined) return secretBoxFromKey(key, previous === undefined ? [] : [previous]);
  const keyFile = keyFileOf(config) ?? '';
  return openSecretBox({ keyFile, ...(previous === undefined ? {} : { previousKey: previous }) });
}

/** Undefined where the key comes from the environment. */
export function keyFileOf({ dataDirectory, masterKey }: MasterKeySettings): string | undefined {
  if (masterKey.key !== undefined) return undefined;
  return masterKey.file ?? dataLayout(dataDirectory).keyFile;
}

/** @throws Failure where the records hang on a master key that is not here */
export async function requireMasterKey(
  { sealingKeys }: Pick<Store, 'sealingKeys'>,
  secrets: SecretBox,
): Promise<void> {
  const isHere = (id: string | undefined) => id === undefined || secrets.masterKeyIds.includes(id);
  if (isHere(await sealingKeys.masterKeyId())) return;
  // It may have been exchanged between the look at the records and the look at the file.
  const wanted = await sealingKeys.masterKeyId();
  if (isHere(wanted)) return;
  const { masterKeyIds } = secrets;
  throw new Failure(
    `The secrets in the records need the master key ${wanted}, and here is ${masterKeyIds.join(' and ')}.`,
    {
      nextStep:
        'Put that key back. If it is lost, `berth rotate-key --lost` begins anew; every secured value must be set again then.',
    },
  );
}
