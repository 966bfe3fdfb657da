import { readFile } from 'node:fs/promises';
import { describeFailure, Failure } from '../../../core/failure.ts';
import { textOf } from './send.ts';

export type Credentials =
  /** For emulators, which ask for none. */
  | { readonly kind: 'none' }
  /** The service account of the Google machine that this runs on. */
  | { readonly kind: 'metadata'; readonly url?: string }
  | { readonly kind: 'file'; readonly file: string };

export interface ServiceAccount {
  readonly email: string;
  readonly keyId: string | undefined;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
}

/** @throws Failure that names the file, and nothing of what is in it */
export async function readServiceAccount(file: string): Promise<ServiceAccount> {
  const content = await readJson(file);
  const email = textOf(content, 'client_email');
  const privateKey = textOf(content, 'private_key');
  if (
    textOf(content, 'type') === 'service_account' &&
    email !== undefined &&
    privateKey !== undefined
  )
    return { email, privateKey, keyId: textOf(content, 'private_key_id') };
  throw unusable(file, 'it is not the key of a service account');
}

export function unusable(file: string, reason: string): Failure {
  return new Failure(`The credentials in ${file} cannot be used: ${reason}.`, {
    nextStep:
      'Set BERTH_PUBSUB_CREDENTIALS_FILE to a key file (JSON) of a service account, readable by the user that runs Berth.',
  });
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unusable(file, describeFailure(error));
  });
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message repeats what it has read, and that is a key.
    throw unusable(file, 'it is not JSON');
  }
}
