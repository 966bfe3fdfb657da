import fc from 'fast-check';

type Field = fc.Arbitrary<unknown>;

/** Any odd value, wherever one may stand. */
const junk = fc.constantFrom<unknown>(null, true, 7, 'text', [], {}, ['x'], { x: 1 });

const name = mostly(
  fc.constantFrom('aa', 'bb', 'my-app', 'my_app', 'B9', 'C0'),
  fc.constantFrom('a', 'a b', '', ' ', 'ö', 'x'.repeat(257)),
);
const key = mostly(
  fc.constantFrom('AB', 'CD', 'EF', 'GH', 'IJ', 'KL', 'MN'),
  fc.constantFrom('port', 'K_SERVICE', 'a', 'a-b', '', 'CLOUD_IDENTIFIER'),
);
const text = mostly(fc.constantFrom('x', 'What it is', 'npm ci'), fc.constantFrom('', ' '));
/** Short, because the official pattern for endpoints takes exponential time. */
const endpoint = mostly(
  fc.constantFrom('/', 'a', '/a/b', '/-_9'),
  fc.string({ unit: fc.constantFrom('a', 'Z', '0', '-', '/', '.', ' ', '!'), maxLength: 20 }),
);
const schedule = mostly(
  fc.constantFrom('* * * * *', '*/5 * * * *', '0 0 * * 7', '@daily', '@every 10s'),
  fc.constantFrom('0 0 * *', 'never', ''),
);

const configuration = record({
  standardConfiguration: fc.array(
    record({ required: fc.boolean(), default: text }, { key, description: text }),
    { maxLength: 3 },
  ),
  securedConfiguration: fc.array(record({ required: fc.boolean() }, { key, description: text }), {
    maxLength: 1,
  }),
});

const scripts = record({ postDeploy: text, preUndeploy: text });

const healthCheck = record(
  { intervalSeconds: count(1, 20), timeoutSeconds: count(1, 20), unhealthyThreshold: count(1, 20) },
  { path: endpoint },
);

const retryPolicy = fc.oneof(
  record({}, { strategy: fc.constant('immediate') }),
  record(
    { maxAttempts: count(5, 100) },
    {
      strategy: mostly(fc.constant('exponential-backoff'), fc.constant('other')),
      minBackoffSeconds: count(1, 30),
      maxBackoffSeconds: count(20, 600),
    },
  ),
);

/** The two keys of an application and the view's one, now and then without the last. */
const frontEndConfiguration = fc.constantFrom(4, 4, 4, 3, 2).chain((length) =>
  fc.record({
    standardConfiguration: fc.constant(
      ['CUSTOM_VIEW_ID', 'CUSTOM_APPLICATION_ID', 'ENTRY_POINT_URI_PATH', 'CLOUD_IDENTIFIER']
        .slice(0, length)
        .map((key) => ({ key, description: 'What it is', required: true })),
    ),
  }),
);

const application = fc.oneof(
  server('service', { healthCheck }),
  server('event', { healthCheck, retryPolicy }),
  server('job', {}, { properties: record({}, { schedule }) }),
  server('unknown', {}),
  typed('assets', {}, { name }),
  ...['mc-app', 'merchant-center-custom-application', 'merchant-center-custom-view', 'other'].map(
    (type) => typed(type, { scripts }, { name, configuration: frontEndConfiguration }),
  ),
);

function server(type: string, optional: Record<string, Field>, required = {}): Field {
  return typed(type, { configuration, scripts, ...optional }, { name, endpoint, ...required });
}

function typed(type: string, optional: Record<string, Field>, required = {}): Field {
  return record(optional, { ...required, applicationType: fc.constant(type) });
}

/** Documents with and without mistakes, of every type of application. */
export const anySpec: Field = record(
  {
    inheritAs: record({
      configuration,
      apiClient: record({}, { scopes: fc.array(text, { minLength: 1, maxLength: 2 }) }),
    }),
  },
  { deployAs: fc.array(application, { maxLength: 3 }) },
);

function record(optional: Record<string, Field>, required: Record<string, Field> = {}): Field {
  const fields = { ...optional, ...required };
  return fc.oneof(
    { weight: 60, arbitrary: fc.record(fields, { requiredKeys: Object.keys(required) }) },
    { weight: 1, arbitrary: fc.record(fields, { requiredKeys: [] }) },
    { weight: 1, arbitrary: fc.record({ ...fields, extra: junk }) },
    { weight: 1, arbitrary: junk },
  );
}

function count(least: number, most: number): Field {
  return mostly(
    fc.integer({ min: least, max: most }),
    fc.constantFrom(0, least - 1, most + 1, 0.5, least + 0.5, '5'),
  );
}

function mostly(good: Field, bad: Field): Field {
  return fc.oneof(
    { weight: 40, arbitrary: good },
    { weight: 1, arbitrary: bad },
    { weight: 1, arbitrary: junk },
  );
}
