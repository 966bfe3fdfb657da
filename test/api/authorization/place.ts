import { ownScopes } from '../../../src/control-plane/commands/identity.ts';
import type { Answer } from '../../support/berth.ts';
import { type ConnectorWorld, openConnectorWorld } from '../../support/connector-world.ts';
import { type MovedClock, movedClock } from '../../support/moved-clock.ts';
import { openTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

export const ownProject = 'own-project';
export const foreignProject = 'foreign-project';
export const unknownId = '5f3759df-5f37-49df-9f37-5f3759df5f37';

/** One of each resource in the own project, and every kind of token. */
export interface AuthorizationPlace extends AsyncDisposable {
  readonly world: ConnectorWorld;
  readonly clock: MovedClock;
  readonly issuer: TokenIssuer;
  /** Ids by the first fixed segment of the path. */
  readonly ids: Readonly<
    Record<'deployments' | 'drafts' | 'connectors' | 'api-clients' | 'operations', string>
  >;
  readonly keys: Readonly<Record<'deployments' | 'drafts' | 'connectors', string>>;
  /** Of the own project, with exactly these scopes. */
  token(scopes: readonly string[]): Promise<string>;
  /** With every scope of the foreign project. */
  foreignToken(): Promise<string>;
  /** `authorization` is the header as it is; none where undefined. */
  ask(
    method: string,
    path: string,
    given?: { authorization?: string; body?: string },
  ): Promise<Answer>;
}

export async function openAuthorizationPlace(): Promise<AuthorizationPlace> {
  await using stack = new AsyncDisposableStack();
  const clock = movedClock();
  const issuer = stack.use(await openTokenIssuer());
  const world = stack.use(await openConnectorWorld({ clock, introspectionUrl: issuer.url }));
  const { plane } = world;
  const own = await world.as(ownProject);
  const staged = await own.published({ key: 'own-draft' });
  const deployment = await own.deploy({
    key: 'own-deployment',
    connector: { id: staged.body.id, staged: false },
  });
  await world.work();
  const operations = await own.get(`/${ownProject}/operations`);
  const clients = await own.get(`/${ownProject}/api-clients`);
  const { hostname, port } = await plane.listen();
  await plane.token(foreignProject);
  const opened = stack.move();
  return {
    world,
    clock,
    issuer,
    ids: {
      deployments: deployment.body.id,
      drafts: staged.body.id,
      connectors: staged.body.id,
      'api-clients': clients.body.results[0].id,
      operations: operations.body.results[0].id,
    },
    keys: { deployments: 'own-deployment', drafts: 'own-draft', connectors: 'own-draft' },
    foreignToken: () => plane.tokenWith(foreignProject),
    token: (scopes) => plane.tokenWith(ownProject, scopes),
    async ask(method, path, { authorization, body } = {}) {
      const response = await fetch(`http://${hostname}:${port}${path}`, {
        method,
        headers: authorization === undefined ? {} : { authorization },
        ...(body === undefined ? {} : { body }),
      });
      const text = isStream(response) ? '' : await response.text();
      if (isStream(response)) await response.body?.cancel();
      return {
        status: response.status,
        headers: response.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** It has no end: that it begins is enough. */
function isStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

export const suffixed = (scopes: readonly string[], project: string = ownProject): string =>
  scopes.map((scope) => `${scope}:${project}`).join(' ');

export const allScopes = suffixed(ownScopes);
