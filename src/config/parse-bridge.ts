import { resolve } from 'node:path';
import type { RawSettings } from './settings.ts';

/** Where commercetools publishes events for Berth: a Google Cloud project. */
export interface BridgeConfig {
  readonly projectId: string;
  /** Absent: Google's own. */
  readonly endpoint?: string;
  readonly credentials:
    | { readonly kind: 'none' }
    | { readonly kind: 'metadata' }
    | { readonly kind: 'file'; readonly file: string };
  /** Absent: nobody is given the right to publish. */
  readonly publisher?: string;
}

const projectIds = /^([a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{2,61}[a-z0-9]$/;

export function parseBridge(raw: RawSettings, mistakes: string[]): { bridge?: BridgeConfig } {
  const { pubsubProjectId: projectId, pubsubCredentialsFile: file, pubsubPublisher } = raw;
  const endpoint = raw.pubsubEndpoint.replace(/\/+$/, '');
  if (projectId === '') {
    if (file !== '' || endpoint !== '')
      mistakes.push(
        'BERTH_PUBSUB_PROJECT_ID must be set with BERTH_PUBSUB_CREDENTIALS_FILE and BERTH_PUBSUB_ENDPOINT',
      );
    return {};
  }
  if (!projectIds.test(projectId))
    mistakes.push(
      `BERTH_PUBSUB_PROJECT_ID must be the id of a Google Cloud project (lower-case letters, digits and hyphens), not "${projectId}"`,
    );
  const { protocol } =
    URL.parse(endpoint === '' ? 'https://pubsub.googleapis.com' : endpoint) ?? {};
  if (protocol !== 'https:' && protocol !== 'http:')
    mistakes.push(
      `BERTH_PUBSUB_ENDPOINT must be an https URL, or an http URL of an emulator, not "${endpoint}"`,
    );
  const isEmulator = protocol === 'http:';
  if (isEmulator && file !== '')
    mistakes.push(
      'BERTH_PUBSUB_CREDENTIALS_FILE must not be set with an http BERTH_PUBSUB_ENDPOINT: an emulator takes no credentials, and nobody on the way may read them',
    );
  if (pubsubPublisher !== 'none' && !/^[^\s@:]+@[^\s@:]+$/.test(pubsubPublisher))
    mistakes.push(
      `BERTH_PUBSUB_PUBLISHER must be the e-mail address of a service account, or none, not "${pubsubPublisher}"`,
    );
  const grants = !isEmulator && pubsubPublisher !== 'none';
  return {
    bridge: {
      projectId,
      ...(endpoint === '' ? {} : { endpoint }),
      credentials: credentialsOf(isEmulator, file),
      ...(grants ? { publisher: pubsubPublisher } : {}),
    },
  };
}

function credentialsOf(isEmulator: boolean, file: string): BridgeConfig['credentials'] {
  if (isEmulator) return { kind: 'none' };
  return file === '' ? { kind: 'metadata' } : { kind: 'file', file: resolve(file) };
}
