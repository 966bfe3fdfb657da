import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/berth.ts';
import {
  type ConnectorClient,
  type ConnectorWorld,
  openConnectorWorld,
} from '../support/connector-world.ts';
import { detailsOf, expectErrors } from './support.ts';

let world: ConnectorWorld;
let creators: ConnectorClient;
let friends: ConnectorClient;
let strangers: ConnectorClient;

beforeAll(async () => {
  world = await openConnectorWorld();
  creators = await world.as('creators');
  friends = await world.as('friends');
  strangers = await world.as('strangers');
  await creators.certified({
    name: 'Tax for Everybody',
    description: 'Steuern, TVA & VAT: 100% of it',
    key: 'public-tax',
    integrationTypes: ['tax', 'erp'],
    creator: { email: 'a@b.c', company: 'Acme' },
  });
  await creators.published({
    name: 'Secret shipping',
    key: 'private-shipping',
    integrationTypes: ['shipping'],
    privateProjects: ['europe-west1.gcp:friends'],
    creator: { email: 'a@b.c', company: 'ACME' },
  });
  await strangers.published({ name: 'Their own', key: 'their-own' });
  await creators.create({ name: 'Tax that is only a draft', key: 'draft-tax' });
});

afterAll(() => world?.[Symbol.asyncDispose]());

const keysOf = ({ status, body }: Answer) => {
  expect(status, JSON.stringify(body)).toBe(200);
  return body.results.map(({ key }: { key: string }) => key);
};
const search = async (client: ConnectorClient, query = '') =>
  keysOf(await client.get(`/connectors/search${query}`));

describe('connector search', () => {
  test('finds what the project may deploy, newest first', async () => {
    expect(await search(creators)).toEqual(['private-shipping', 'public-tax']);
    expect(await search(friends)).toEqual(['private-shipping', 'public-tax']);
    expect(await search(strangers)).toEqual(['their-own', 'public-tax']);
  });

  test('shows Connectors in the usual page', async () => {
    const { body } = await friends.get('/connectors/search?limit=1&offset=1');
    const [found] = body.results;

    expect(body).toMatchObject({ limit: 1, offset: 1, count: 1, total: 2 });
    expect(found).toEqual((await friends.get(`/connectors/${found.id}`)).body);
    expect(found).toMatchObject({ key: 'public-tax', certified: true, private: false });
  });

  test.for([
    ['?text=tax', ['public-tax']],
    ['?text=EVERYBODY%20vat', ['public-tax']],
    ['?text=shipping%20vat', []],
    ['?text=100%25', ['public-tax']],
    ['?text=1_0', []],
    ['?text=%20', ['private-shipping', 'public-tax']],
    ['?private=true', ['private-shipping']],
    ['?private=false', ['private-shipping', 'public-tax']],
    ['?creator.company=acme', ['private-shipping', 'public-tax']],
    ['?creator.company=Acm', []],
    ['?key=public-tax', ['public-tax']],
    ['?key=public-tax&key=private-shipping&key=their-own', ['private-shipping', 'public-tax']],
    ['?integrationTypes=erp', ['public-tax']],
    ['?integrationTypes=erp&integrationTypes=shipping', ['private-shipping', 'public-tax']],
    ['?integrationTypes=erp&private=true', []],
    ['?sort=createdAt%20asc', ['public-tax', 'private-shipping']],
  ] as const)('with %s finds %j', async ([query, keys]) => {
    expect(await search(friends, query)).toEqual(keys);
  });

  test('finds by id, and nothing that the project may not see', async () => {
    const [shipping, tax] = (await creators.get('/connectors/search')).body.results;
    const query = `?id=${shipping.id}&id=${tax.id.toUpperCase()}`;

    expect(await search(friends, query)).toEqual(['private-shipping', 'public-tax']);
    expect(await search(strangers, query)).toEqual(['public-tax']);
  });

  test('finds nothing that is unlisted, which can still be read', async () => {
    const staged = await creators.certified({ name: 'Soon hidden', key: 'soon-hidden' });
    expect(await search(strangers, '?text=hidden')).toEqual(['soon-hidden']);
    await creators.update(staged, { action: 'unlist' });

    expect(await search(strangers, '?text=hidden')).toEqual([]);
    expect(await search(creators, '?text=hidden')).toEqual([]);
    expect((await strangers.get('/connectors/key=soon-hidden')).status).toBe(200);
  });

  test('names every mistake of the query', async () => {
    const answer = await creators.get(
      `/connectors/search?private=yes&id=x&key=x&integrationTypes=magic&limit=501&text=${'x'.repeat(257)}`,
    );

    expectErrors(
      answer,
      400,
      Array.from({ length: 6 }, () => 'InvalidQueryParam'),
    );
    for (const name of ['private', 'id', 'key', 'integrationTypes', 'limit', 'text'])
      expect(
        detailsOf(answer).some((detail) => detail.startsWith(name)),
        name,
      ).toBe(true);
  });
});

describe('the list of drafts', () => {
  test('can be limited to integration types', async () => {
    const drafts = async (query: string) =>
      keysOf(await creators.get(`/connectors/drafts${query}`));

    expect(await drafts('?integrationTypes=tax&limit=1')).toEqual(['public-tax']);
    expect((await drafts('?integrationTypes=tax&integrationTypes=shipping')).toSorted()).toEqual([
      'private-shipping',
      'public-tax',
    ]);
    expect(await drafts('?integrationTypes=crm')).toEqual([]);
  });
});
