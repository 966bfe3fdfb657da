import { createHash } from 'node:crypto';
import { type ApplicationType, hostPrefixes, normalizeEndpoint } from '../../core/application.ts';
import type { Deployment } from '../../core/deployment.ts';
import type { Addressing } from './dependencies.ts';

/**
 * What an application is called, whoever asks and whenever: the same after delete and create (design §5). A Deployment
 * without a key has only its id to go by.
 */
export function identityOf(
  deployment: Pick<Deployment, 'id' | 'key' | 'projectKey'>,
  application: string,
): string {
  return [deployment.projectKey, deployment.key ?? deployment.id, application].join('/');
}

/** `service-` and 24 characters, as the hosted platform's host names (contract §5.3). */
export function hostLabelOf(identity: string, type: ApplicationType): string {
  const digest = createHash('sha256').update(identity).digest();
  const id = [...digest.subarray(0, 24)].map((byte) => alphabet[byte % alphabet.length]).join('');
  return `${hostPrefixes[type]}-${id}`;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Every port of the range, beginning with the application's favourite. */
export function* portCandidates(
  identity: string,
  range: { from: number; to: number },
): Generator<number> {
  const size = range.to - range.from + 1;
  const favourite = createHash('sha256').update(`port/${identity}`).digest().readUInt32BE() % size;
  for (let step = 0; step < size; step++) yield range.from + ((favourite + step) % size);
}

/** The application's public URL with its endpoint; `/` stays a trailing slash (contract §5.3). */
export function urlOf(
  addressing: Addressing,
  at: {
    readonly hostLabel: string;
    readonly region: string;
    readonly port?: number;
    readonly endpoint?: string;
  },
): string {
  const base =
    addressing.kind === 'host'
      ? `${addressing.scheme}://${at.hostLabel}.${at.region}.${addressing.domain}`
      : `http://localhost:${at.port}`;
  return `${base}${normalizeEndpoint(at.endpoint)}`;
}
