import { randomBytes } from 'node:crypto';
import { apiError, rejectAny } from '../../../core/errors.ts';
import { apiClientDraftSchema, apiClientSchema, printApiClient } from '../../../wire/api-client.ts';
import { inProject, nothing } from '../../../wire/parameters.ts';
import { hashSecret, newSecret } from '../../tokens/hash.ts';
import { answer, defineRoute } from '../route.ts';

/** The secret appears in this answer and nowhere else. */
export const createApiClientRoute = defineRoute({
  name: 'createApiClient',
  summary: 'Create an API client; its secret is shown once',
  method: 'POST',
  path: '/:projectKey/api-clients',
  scopes: ['manage_api_clients'],
  params: inProject,
  query: nothing,
  body: apiClientDraftSchema,
  answers: { 201: apiClientSchema },
  async handle({ store, clock }, { projectKey, body, foretell }) {
    const scopes = [...new Set(body.scope.split(/ +/).filter((scope) => scope !== ''))];
    rejectAny(
      scopes
        .filter(
          (scope) => !/^[a-z_]+:/.test(scope) || scope.slice(scope.indexOf(':') + 1) !== projectKey,
        )
        .map((scope) =>
          apiError('InvalidJsonInput', {
            detail: `scope: ${scope} is not a scope of the project ${projectKey}`,
          }),
        ),
    );
    const secret = newSecret();
    const id = randomBytes(18).toString('base64url');
    const client = {
      id,
      projectKey,
      name: body.name,
      scopes,
      secretHash: hashSecret(id, secret),
      createdAt: clock.now(),
    };
    const created = answer(201, printApiClient({ ...client, secret }));
    foretell(created);
    await store.commit([{ kind: 'put-client', client }]);
    return created;
  },
});
