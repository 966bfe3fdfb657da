import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { previewConnector } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';
import {
  type BodyName,
  bodyNames,
  endpoints,
  longTexts,
  pointsOf,
  replaced,
  strangeValues,
  textsOf,
  unknownId,
  validBodies,
} from './bodies.ts';
import {
  codesOf,
  detailsOf,
  expectEnvelope,
  expectErrors,
  type RawRequest,
  send,
} from './support.ts';

/** Generous: the machine may be busy. A quadratic reading of a megabyte takes minutes. */
const quickMs = 5_000;

let berth: Berth;
let repository: TestRepository;
let token: string;
/** Every Deployment of it is refused: each draft here leaves out a required key. */
let staged: Answer;

const files = tinyConnector({
  shop: {
    spec: {
      configuration: {
        standardConfiguration: [
          { key: 'GREETING', description: 'What it says' },
          {
            key: 'NEVER_SENT',
            description: 'What keeps every draft here from being deployed',
            required: true,
          },
        ],
      },
    },
  },
});

beforeAll(async () => {
  [berth, repository] = await Promise.all([startBerth(), createRepository({ files, tag: 'v1' })]);
  token = await berth.token();
  staged = await previewConnector(berth, { url: repository.url, tag: 'v1' });
});

afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

const valid = () => validBodies(staged.body);
const endpoint = (name: BodyName) => endpoints(staged.body)[name];

async function post(path: string, body: string | Uint8Array, more: Partial<RawRequest> = {}) {
  return send(berth, {
    method: 'POST',
    path,
    body,
    ...more,
    headers: { ...bearer(), 'content-type': 'application/json', ...more.headers },
  });
}

const postJson = (path: string, body: unknown) => post(path, JSON.stringify(body));

/** An answer in time, and never Berth's own mistake. */
async function quickly(request: () => Promise<Answer>): Promise<Answer> {
  const startedAt = performance.now();
  const answer = await request();
  expect(performance.now() - startedAt, JSON.stringify(answer.body)?.slice(0, 500)).toBeLessThan(
    quickMs,
  );
  if (answer.status >= 300) expectEnvelope(answer);
  return answer;
}

describe('a body', () => {
  test.for([
    ['nothing', ''],
    ['white space', ' \n '],
    ['half an object', '{"name": "x"'],
    ['two objects', '{} {}'],
    ['single quotes', "{'name': 'x'}"],
    ['a form', 'name=x&creator=y'],
    ['a NUL character', '\0'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['UTF-16', Buffer.from('{"name":"x"}', 'utf16le')],
    ['compressed bytes', Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0])],
    ['NaN', '{"version": NaN}'],
    ['unfinished nesting', '['.repeat(900_000)],
  ] as const)('of %s is not JSON', async ([, body]) => {
    for (const name of bodyNames) {
      const answer = await quickly(() => post(endpoint(name), body));
      expectErrors(answer, 400, ['InvalidJsonInput']);
    }
  });

  test.for([
    ['null', 'null'],
    ['a number', '1'],
    ['a string', '"text"'],
    ['true', 'true'],
    ['a list', '[]'],
    ['deep nesting', '['.repeat(200_000) + ']'.repeat(200_000)],
  ] as const)('that is %s is refused', async ([, body]) => {
    for (const name of bodyNames) {
      const answer = await quickly(() => post(endpoint(name), body));
      expectErrors(answer, 400, ['InvalidJsonInput']);
    }
  });

  test('without any of the required fields has all of them named', async () => {
    const missing: Readonly<Record<BodyName, readonly string[]>> = {
      connectorDraft: ['name', 'creator', 'repository'],
      connectorUpdate: ['version', 'actions'],
      deploymentDraft: ['connector', 'configurations', 'region'],
      deploymentUpdate: ['version', 'actions'],
      rollback: ['version', 'revision'],
      apiClient: ['name', 'scope'],
    };
    for (const name of bodyNames) {
      const answer = await postJson(endpoint(name), {});
      expectErrors(answer, 400, Array(missing[name].length).fill('InvalidJsonInput'));
      expect(detailsOf(answer)).toEqual(missing[name].map((field) => `${field}: Required`));
    }
  });

  test('with mistakes in many places has each named with its path', async () => {
    const answer = await postJson(endpoint('deploymentDraft'), {
      ...valid().deploymentDraft,
      key: '!',
      type: 'staging',
      connector: {},
      configurations: [
        { applicationName: '', standardConfiguration: [{ key: 'A', value: 1 }], schedule: 'often' },
        {
          applicationName: 'shop',
          securedConfiguration: 'none',
          retryPolicy: { strategy: 7 },
        },
      ],
    });

    expectErrors(answer, 400, Array(9).fill('InvalidJsonInput'));
    expect(detailsOf(answer).map((detail) => detail.split(':')[0])).toEqual([
      'key',
      'key',
      'type',
      'connector',
      'configurations.0.applicationName',
      'configurations.0.standardConfiguration.0.value',
      'configurations.0.schedule',
      'configurations.1.securedConfiguration',
      'configurations.1.retryPolicy.strategy',
    ]);
  });
});

describe('a value', () => {
  test.for(bodyNames)('of any kind, anywhere in a %s, is taken or refused', async (name) => {
    await Promise.all(
      pointsOf(valid()[name]).map(async (point) => {
        for (const value of strangeValues) {
          const body = replaced(valid()[name], point, value);
          await quickly(() => berth.request('POST', endpoint(name), body));
        }
      }),
    );
  });

  test.for(bodyNames)('of a megabyte, anywhere in a %s, is refused at once', async (name) => {
    for (const point of textsOf(valid()[name])) {
      for (const value of longTexts) {
        await quickly(() => postJson(endpoint(name), replaced(valid()[name], point, value)));
      }
    }
  });

  test.for(['connectorDraft', 'connectorUpdate', 'apiClient'] as const)(
    'with a control character or half a character, in any text of a %s, is refused',
    async (name) => {
      for (const point of textsOf(valid()[name])) {
        for (const value of ['a\0b', 'a\x1b[2Jb', 'a\x7fb', 'a\x85b', 'a\ud800b']) {
          const body = replaced(valid()[name], point, value);
          const answer = await postJson(endpoint(name), body);
          expectErrors(answer, 400, Array(codesOf(answer).length).fill('InvalidJsonInput'));
          expect(detailsOf(answer)[0]).toMatch(new RegExp(`^${point.join('\\.')}\\b`));
        }
      }
    },
  );

  test('of several lines is taken where people write several', async () => {
    const several = 'One\r\n\tand two';
    const taken = { action: 'setDescription', description: several };
    const refused = { action: 'setName', name: several };
    const update = (...actions: readonly object[]) =>
      postJson(endpoint('connectorUpdate'), { version: 99, actions });

    expectErrors(await update(taken), 409, ['ConcurrentModification']);
    const answer = await update(taken, refused);
    expectErrors(answer, 400, ['InvalidJsonInput']);
    expect(detailsOf(answer)[0]).toBe(
      'actions.1.name: Must be one line of text, without control characters',
    );
  });

  test('that no process can be given is refused', async () => {
    for (const value of ['a\0b', 'a\ud800b', 'é'.repeat(40_000)]) {
      const answer = await postJson(endpoint('deploymentDraft'), {
        ...valid().deploymentDraft,
        configurations: [
          { applicationName: 'shop', standardConfiguration: [{ key: 'GREETING', value }] },
        ],
      });

      expectErrors(answer, 400, ['InvalidJsonInput']);
      expect(detailsOf(answer)[0]).toMatch(
        /^configurations.0.standardConfiguration.0.value: Must /,
      );
    }
  });
});

describe('many values', () => {
  const values = (count: number, key = (index: number) => `KEY_${index}`) =>
    Array.from({ length: count }, (_, index) => ({ key: key(index), value: '' }));
  const draft = (configurations: unknown) => ({
    ...valid().deploymentDraft,
    configurations,
    globalConfiguration: undefined,
  });

  test('a thousand keys that nobody declared are named one by one', async () => {
    const answer = await quickly(() =>
      postJson(
        endpoint('deploymentDraft'),
        draft([{ applicationName: 'shop', standardConfiguration: values(1000) }]),
      ),
    );

    expectErrors(answer, 400, Array(1000).fill('DeploymentUnknownApplicationConfigurationKey'));
    expect(answer.body.errors[999].message).toContain('with key KEY_999 for');
  });

  test('a thousand mistakes in the form of a body are a hundred named, and the rest counted', async () => {
    const answer = await quickly(() =>
      postJson(
        endpoint('deploymentDraft'),
        draft([
          {
            applicationName: 'shop',
            standardConfiguration: values(1000).map(({ key }) => ({ key, value: 1 })),
          },
        ]),
      ),
    );

    expectErrors(answer, 400, Array(101).fill('InvalidJsonInput'));
    expect(detailsOf(answer)[99]).toMatch(/^configurations.0.standardConfiguration.99.value: /);
    expect(detailsOf(answer)[100]).toBe('… and 900 more mistakes');
  });

  test('more keys or applications than anybody needs are too many', async () => {
    const keys = await quickly(() =>
      postJson(
        endpoint('deploymentDraft'),
        draft([{ applicationName: 'shop', standardConfiguration: values(1001) }]),
      ),
    );
    const applications = await quickly(() =>
      postJson(
        endpoint('deploymentDraft'),
        draft(Array.from({ length: 101 }, (_, index) => ({ applicationName: `app-${index}` }))),
      ),
    );

    expectErrors(keys, 400, ['InvalidJsonInput']);
    expectErrors(applications, 400, ['InvalidJsonInput']);
  });

  test('an application or a key that comes twice is named', async () => {
    const answer = await postJson(
      endpoint('deploymentDraft'),
      draft([
        { applicationName: 'shop', standardConfiguration: values(3, () => 'GREETING') },
        { applicationName: 'shop', securedConfiguration: values(2, () => '__proto__') },
        { applicationName: 'constructor' },
        { applicationName: 'constructor' },
      ]),
    );

    expectErrors(answer, 400, Array(5).fill('InvalidJsonInput'));
    expect(detailsOf(answer)).toEqual([
      'configurations.0.standardConfiguration.1.key: Duplicate key GREETING',
      'configurations.0.standardConfiguration.2.key: Duplicate key GREETING',
      'configurations.1.securedConfiguration.1.key: Duplicate key __proto__',
      'configurations.1.applicationName: Duplicate application shop',
      'configurations.3.applicationName: Duplicate application constructor',
    ]);
  });

  test('names that every object has are names like any other', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const answer = await postJson(
      endpoint('deploymentDraft'),
      draft([
        {
          applicationName: 'shop',
          standardConfiguration: values(4, (index) => names[index] ?? ''),
        },
        ...names.map((applicationName) => ({ applicationName })),
      ]),
    );

    expectErrors(answer, 400, [
      ...Array(4).fill('DeploymentUnknownApplicationConfigurationKey'),
      ...Array(4).fill('DeploymentUnknownApplicationConfiguration'),
    ]);
  });

  test('fields that nobody knows change nothing', async () => {
    const body = JSON.stringify({ ...valid().apiClient, id: 'mine', secret: 'mine' });
    const answer = await post(
      endpoint('apiClient'),
      body.replace('{', '{"__proto__":{"name":"other"},"constructor":{"prototype":{}},'),
    );

    expect(answer.status).toBe(201);
    expect(answer.body.name).toBe('A client');
    expect(answer.body.id).not.toBe('mine');
    expect(answer.body.secret).not.toBe('mine');
  });
});

describe('a request', () => {
  test('with a body of two megabytes is refused before it is read', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024) });
    for (const name of bodyNames) {
      const answer = await quickly(() => post(endpoint(name), body));
      expectErrors(answer, 400, ['InvalidJsonInput']);
    }
    const unlabelled = await quickly(() => post(endpoint('apiClient'), body, { chunked: true }));
    expectErrors(unlabelled, 400, ['InvalidJsonInput']);
  });

  test('with a body that means nothing is answered, however large it is', async () => {
    const body = 'x'.repeat(900_000);
    for (let round = 0; round < 20; round += 1) {
      const answers = await Promise.all(
        ['/openapi.json', '/connectors/drafts', '/nothing', '/%zz'].map((path) =>
          quickly(() => send(berth, { path, headers: bearer(), body })),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 400]);
    }
  });

  test.for([
    ['no content type', undefined],
    ['plain text', 'text/plain'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['an unknown character set', 'application/json; charset=utf-99'],
    ['nonsense', ';;;'],
    ['a very long content type', `application/${'x'.repeat(5000)}`],
  ] as const)('with %s is read as JSON or refused', async ([, type]) => {
    const answer = await quickly(() =>
      send(berth, {
        method: 'POST',
        path: endpoint('apiClient'),
        headers: { ...bearer(), ...(type === undefined ? {} : { 'content-type': type }) },
        body: '{}',
      }),
    );

    expectErrors(answer, 400, Array(codesOf(answer).length).fill('InvalidJsonInput'));
  });

  test.for([
    '/test-project/deployments/%00',
    '/test-project/deployments/%zz',
    '/test-project/deployments/%ff%fe',
    '/test-project/deployments/..%2f..%2fetc%2fpasswd',
    `/test-project/deployments/${'x'.repeat(1000)}`,
    '/test-project/deployments/not-an-id',
    '/test-project/deployments/00000000-0000-0000-0000-000000000000',
    '/test-project/deployments/key=x',
    '/test-project/deployments/key=a%20b',
    `/test-project/deployments/key=${'k'.repeat(257)}`,
    `/test-project/deployments/${'x'.repeat(10_000)}`,
    `/${'x'.repeat(10_000)}/deployments`,
    '/connectors/drafts/not-an-id',
    '/connectors/drafts/key=%2e%2e',
    '/connectors/%00',
    '/connectors/__proto__',
    '/%zz/deployments',
  ])('for the path %s names a path that cannot be', async (path) => {
    expectErrors(await quickly(() => send(berth, { path, headers: bearer() })), 400, [
      'InvalidPathParam',
    ]);
  });

  test.for([
    ['GET', '/nothing/of/the/kind'],
    ['GET', '/test-project'],
    ['GET', '/test-project/deployments/x/y/z'],
    ['PUT', '/test-project/deployments'],
    ['PATCH', `/test-project/deployments/${unknownId}`],
    ['DELETE', '/test-project/deployments'],
    ['POST', '/connectors'],
    ['OPTIONS', '/test-project/deployments'],
    ['TRACE', '/test-project/deployments'],
    ['GET', '/oauth/token'],
    ['DELETE', '/oauth/token'],
    ['POST', '/healthz'],
    ['GET', `/${'x/'.repeat(5_000)}`],
  ] as const)('that is %s %s finds nothing', async ([method, path]) => {
    expectErrors(await quickly(() => send(berth, { method, path, headers: bearer() })), 404, [
      'ResourceNotFound',
    ]);
  });

  test.for([
    ['nonsense', 'nonsense\r\n\r\n', 'The request is not valid HTTP'],
    ['TLS', '\x16\x03\x01\x02\x00\x01', 'The request is not valid HTTP'],
    ['a path with a space', 'GET /a b HTTP/1.1\r\n\r\n', 'The request is not valid HTTP'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      'The request is not valid HTTP',
    ],
    [
      'an endless head',
      `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
      'The head of the request is too large',
    ],
  ] as const)('that is %s is told so, in JSON', async ([, bytes, message]) => {
    const answer = await exchange(bytes);

    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({
      statusCode: 400,
      message,
      errors: [{ code: 'InvalidRequest', message }],
    });
  });

  test.for([
    'limit=-1',
    'limit=501',
    'limit=many',
    'limit=',
    'limit=1&limit=2',
    'limit=1.5',
    'limit=99999999999999999999',
    'offset=10001',
    'offset=%00',
    'sort=name asc',
    'sort=createdAt sideways',
    'sort=createdAt&sort=;drop table deployment',
    'sort=',
    'deploymentType=staging',
    'integrationTypes=tax&integrationTypes=magic',
  ])('with the query %s is refused', async (query) => {
    const path = `/test-project/deployments?${query.replaceAll(' ', '%20')}`;
    const answer = await quickly(() => send(berth, { path, headers: bearer() }));

    expectErrors(answer, 400, ['InvalidQueryParam']);
    expect(detailsOf(answer)[0]).toMatch(new RegExp(`^${query.split('=')[0]}\\b`));
  });

  test('with mistakes in several parameters has each named', async () => {
    const path = '/test-project/deployments?limit=x&offset=-1&sort=a&deploymentType=b';
    const answer = await send(berth, { path, headers: bearer() });

    expectErrors(answer, 400, Array(4).fill('InvalidQueryParam'));
  });

  test('has its correlation id sent back, or one made for it', async () => {
    const id = 'commercetools-cli-0123456789abcdef0123456789abcdef';
    const correlation = async (path: string, sent?: string) =>
      (
        await send(berth, { path, headers: sent === undefined ? {} : { 'x-correlation-id': sent } })
      ).headers.get('x-correlation-id');

    for (const path of ['/healthz', '/connectors/drafts', '/nothing', '/%zz', '/oauth/token']) {
      expect(await correlation(path, id)).toBe(id);
    }
    for (const sent of [undefined, 'a b', 'x'.repeat(300), '<script>']) {
      expect(await correlation('/nothing', sent)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

function bearer() {
  return { authorization: `Bearer ${token}` };
}

/** What comes back for bytes that no HTTP client would send. */
async function exchange(bytes: string): Promise<string> {
  const { hostname, port } = new URL(berth.api);
  const socket = connect(Number(port), hostname);
  socket.write(bytes, 'latin1');
  return text(socket);
}
