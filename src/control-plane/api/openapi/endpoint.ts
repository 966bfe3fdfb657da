import { idSchema, keySchema } from '../../../wire/parse.ts';
import type { OwnScope } from '../../commands/identity.ts';
import type { Route } from '../route.ts';

/** What the description says of one endpoint: of a row of the route table, or of one that is no resource. */
export interface Endpoint
  extends Pick<
    Route,
    | 'name'
    | 'summary'
    | 'method'
    | 'params'
    | 'query'
    | 'body'
    | 'headers'
    | 'answers'
    | 'answerType'
  > {
  /** With `{name}` for a parameter; `{ref}` stands for an id, or for `key=` and a key. */
  readonly path: string;
  readonly tag: string;
  readonly access: Access;
  readonly bodyType: 'application/json' | 'application/x-www-form-urlencoded';
  /** Bodies of refusals, by status; `envelope` where they are the API's own. */
  readonly refusals: Readonly<Record<number, Schema>> | 'envelope';
}

export type Access = { readonly anyOf: readonly OwnScope[] } | 'client' | 'anybody';

type Schema = Route['body'];

export function endpointOf(route: Route): Endpoint {
  const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
  return {
    ...route,
    path,
    tag: tagOf(path),
    access: { anyOf: route.scopes },
    bodyType: 'application/json',
    refusals: 'envelope',
  };
}

/** `/{projectKey}/api-clients/{id}` is about API clients. */
function tagOf(path: string): string {
  const [noun = '', part] = path.split('/').filter((segment) => /^[a-z]/.test(segment));
  if (noun === 'connectors' && part === 'drafts') return 'Connector drafts';
  const words = noun.replaceAll('-', ' ').replace(/^api\b/, 'API');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Everything that must be printed as JSON Schema, each under a name of its own. */
export function schemasOf(endpoints: readonly Endpoint[]): Readonly<Record<string, Schema>> {
  const parts = endpoints.flatMap((endpoint) => [
    ...(['params', 'query', 'body', 'headers'] as const).flatMap((part) => {
      const schema = endpoint[part];
      return schema === undefined ? [] : [[nameOf(endpoint, part), schema] as const];
    }),
    ...Object.entries({
      ...endpoint.answers,
      ...(endpoint.refusals === 'envelope' ? {} : endpoint.refusals),
    }).map(([status, schema]) => [nameOf(endpoint, status), schema] as const),
  ]);
  return { ...Object.fromEntries(parts), id: idSchema, key: keySchema };
}

export function nameOf(
  endpoint: Endpoint,
  part: 'params' | 'query' | 'body' | 'headers' | (string & {}),
): string {
  return `${endpoint.name} ${part}`;
}
