import { randomBytes } from 'node:crypto';

/** commercetools' `/{projectKey}/api-clients`, which the mock lacks: create, get, query, delete. */
export interface ApiClients {
  answer(request: ApiClientsRequest): { readonly status: number; readonly body: unknown };
  list(projectKey: string): readonly ApiClient[];
  clear(): void;
}

export interface ApiClientsRequest {
  readonly method: string;
  readonly projectKey: string;
  /** Absent for the collection. */
  readonly id: string | undefined;
  readonly body: unknown;
}

export interface ApiClient {
  readonly id: string;
  readonly name: string;
  readonly scope: string;
  readonly createdAt: string;
}

export function createApiClients(): ApiClients {
  const clients = new Map<string, ApiClient & { readonly projectKey: string }>();
  const list = (projectKey: string) =>
    [...clients.values()].filter((client) => client.projectKey === projectKey).map(print);

  function create(projectKey: string, body: unknown) {
    const { name, scope } = readDraft(body);
    if (name === '') return failure(400, 'InvalidInput', 'name: This field is required.');
    const unknown = scope.split(' ').find((one) => !isKnownScope(one, projectKey));
    if (unknown !== undefined) return failure(400, 'InvalidInput', `Invalid scope: '${unknown}'.`);
    // Real ones have 24 and 32 characters, and connectors check that.
    const id = randomBytes(18).toString('base64url');
    const secret = randomBytes(24).toString('base64url');
    const client = { id, name, scope, createdAt: new Date().toISOString(), projectKey };
    clients.set(id, client);
    return { status: 201, body: { ...print(client), secret } };
  }

  function answerOne(method: string, projectKey: string, id: string) {
    const client = clients.get(id);
    if (client?.projectKey !== projectKey) {
      return failure(404, 'ResourceNotFound', `The Resource with ID '${id}' was not found.`);
    }
    if (method === 'DELETE') clients.delete(id);
    return { status: 200, body: print(client) };
  }

  return {
    answer({ method, projectKey, id, body }) {
      const isKnown =
        id === undefined ? /^(GET|POST)$/.test(method) : /^(GET|DELETE)$/.test(method);
      if (!isKnown) return failure(405, 'MethodNotAllowed', `${method} is not supported here.`);
      if (id !== undefined) return answerOne(method, projectKey, id);
      if (method === 'POST') return create(projectKey, body);
      return { status: 200, body: page(list(projectKey)) };
    },
    list,
    clear: () => clients.clear(),
  };
}

/** What commercetools lets one manage but not view, e.g. no `view_subscriptions`. */
const managedOnly = ['project', 'extensions', 'subscriptions', 'my_orders', 'my_payments'];
const managedAndViewed = [
  'api_clients',
  'associate_roles',
  'attribute_groups',
  'business_units',
  'cart_discounts',
  'categories',
  'checkout_payment_intents',
  'connectors',
  'connectors_deployments',
  'customer_groups',
  'customers',
  'discount_codes',
  'key_value_documents',
  'order_edits',
  'orders',
  'payments',
  'product_selections',
  'products',
  'project_settings',
  'sessions',
  'shipping_methods',
  'shopping_lists',
  'standalone_prices',
  'states',
  'stores',
  'tax_categories',
  'types',
];
const knownScopes = new Set([
  'create_anonymous_token',
  'introspect_oauth_tokens',
  'view_audit_log',
  'view_messages',
  'view_published_products',
  ...managedOnly.map((noun) => `manage_${noun}`),
  ...managedAndViewed.flatMap((noun) => [`manage_${noun}`, `view_${noun}`]),
]);

function isKnownScope(scope: string, projectKey: string): boolean {
  const [name = '', project] = scope.split(':');
  return project === projectKey && knownScopes.has(name);
}

function readDraft(body: unknown): { readonly name: string; readonly scope: string } {
  const draft: Record<string, unknown> =
    typeof body === 'object' && body !== null ? { ...body } : {};
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { name: text(draft['name']), scope: text(draft['scope']) };
}

function print({ id, name, scope, createdAt }: ApiClient): ApiClient {
  return { id, name, scope, createdAt };
}

function page(results: readonly unknown[]): unknown {
  return { limit: 500, offset: 0, count: results.length, total: results.length, results };
}

function failure(status: number, code: string, message: string) {
  return { status, body: { statusCode: status, message, errors: [{ code, message }] } };
}
