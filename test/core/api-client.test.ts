import { expect, test } from 'vitest';
import { planApiClient, replaceApiClient, wantsOtherScopes } from '../../src/core/api-client.ts';
import type { DeploymentApiClient } from '../../src/core/deployment.ts';
import { connectorSpec, deployment } from '../support/records.ts';

function client(scopes: readonly string[], more: Partial<DeploymentApiClient> = {}) {
  const made = { id: 'c1', sealedSecret: 's', scope: 'x', madeAt: 'platform' } as const;
  return { ...made, scopes, ...more };
}

function with_(scopes: readonly string[] | undefined, apiClient?: DeploymentApiClient) {
  const { apiClientScopes: _, ...plain } = connectorSpec();
  const spec = scopes === undefined ? plain : { ...plain, apiClientScopes: scopes };
  const record = deployment();
  const connector = { ...record.connector, spec };
  return { ...record, connector, ...(apiClient === undefined ? {} : { apiClient }) };
}

test.each([
  ['wanted and missing', with_(['a']), true, { kind: 'make', scopes: ['a'] }],
  ['there, in another order', with_(['a', 'b'], client(['b', 'a'])), true, { kind: 'keep' }],
  ['one scope more', with_(['a', 'b'], client(['a'])), true, { kind: 'make', scopes: ['a', 'b'] }],
  ['one scope less', with_(['a'], client(['a', 'b'])), true, { kind: 'make', scopes: ['a'] }],
  ['not wanted any more', with_(undefined, client(['a'])), true, { kind: 'drop' }],
  ['never wanted', with_(undefined), true, { kind: 'keep' }],
  [
    "Berth's own, and now there is a platform",
    with_(['a'], client(['a'], { madeAt: 'berth' })),
    true,
    { kind: 'make', scopes: ['a'] },
  ],
  [
    "Berth's own, and still no platform",
    with_(['a'], client(['a'], { madeAt: 'berth' })),
    false,
    { kind: 'keep' },
  ],
  [
    'supplied, and no longer supplied',
    with_(['a'], client(['a'], { madeAt: 'operator' })),
    true,
    { kind: 'make', scopes: ['a'] },
  ],
])('an API client that is %s', (_, record, hasPlatform, plan) => {
  expect(planApiClient(record, { hasPlatform, suppliedId: undefined })).toEqual(plan);
});

test.each([
  ['missing', with_(['a']), { kind: 'supply', scopes: ['a'] }],
  ['made at the platform', with_(['a'], client(['a'])), { kind: 'supply', scopes: ['a'] }],
  ['it', with_(['b', 'a'], client(['a', 'b'], { madeAt: 'operator' })), { kind: 'keep' }],
  [
    'it, for other scopes',
    with_(['a', 'b'], client(['a'], { madeAt: 'operator' })),
    { kind: 'supply', scopes: ['a', 'b'] },
  ],
  [
    'the one supplied before',
    with_(['a'], client(['a'], { id: 'c0', madeAt: 'operator' })),
    { kind: 'supply', scopes: ['a'] },
  ],
  ['not wanted any more', with_(undefined, client(['a'])), { kind: 'drop' }],
  ['never wanted', with_(undefined), { kind: 'keep' }],
])('where one is supplied, an API client that is %s', (_, record, plan) => {
  for (const hasPlatform of [true, false]) {
    expect(planApiClient(record, { hasPlatform, suppliedId: 'c1' })).toEqual(plan);
  }
});

test('a supplied one is nobody’s to delete', () => {
  const supplied = with_(['a'], client(['a'], { madeAt: 'operator' }));
  expect(replaceApiClient(supplied, client(['a'], { id: 'c2' }))).not.toHaveProperty(
    'replacedApiClients',
  );
});

test('a replaced one is remembered until it is deleted', () => {
  const once = replaceApiClient(with_(['a'], client(['b'])), client(['a'], { id: 'c2' }));
  expect(once).toMatchObject({
    apiClient: { id: 'c2' },
    replacedApiClients: [{ id: 'c1', madeAt: 'platform' }],
  });
  const dropped = replaceApiClient(once, undefined);
  expect(dropped.apiClient).toBeUndefined();
  expect(dropped.replacedApiClients?.map(({ id }) => id)).toEqual(['c1', 'c2']);
});

test('other scopes are wanted by a first, a wider or a narrower connector', () => {
  const spec = (scopes?: readonly string[]) => with_(scopes).connector.spec;
  expect(wantsOtherScopes(undefined, spec(['a']))).toBe(true);
  expect(wantsOtherScopes(spec(), spec(['a']))).toBe(true);
  expect(wantsOtherScopes(spec(['a', 'b']), spec(['a']))).toBe(true);
  expect(wantsOtherScopes(spec(['a', 'b']), spec(['b', 'a']))).toBe(false);
  expect(wantsOtherScopes(spec(['a']), spec())).toBe(false);
});
