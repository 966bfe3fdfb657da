import type { Api } from './open-api.ts';

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Of a Deployment that somebody names by its id or its key. */
export function deploymentPath({ projectKey }: Pick<Api, 'projectKey'>, idOrKey: string): string {
  const ref = uuid.test(idOrKey) ? idOrKey : `key=${encodeURIComponent(idOrKey)}`;
  return `/${projectKey}/deployments/${ref}`;
}
