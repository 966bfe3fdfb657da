import type { Answer } from '../support/berth.ts';
import type { TestFiles } from '../support/git-repository.ts';
import { tinyConnector, tinyServer } from '../support/tiny-connector.ts';

const key = (name: string, more: object = {}) => ({ key: name, description: name, ...more });

/**
 * A connector with every kind of configuration key. `web` ends at once when NOTE says `crash`; `pictures` can be deployed
 * without any process.
 */
export const shopFiles: TestFiles = tinyConnector(
  {
    web: {
      server: `if (process.env.NOTE === 'crash') process.exit(3);${tinyServer}`,
      spec: {
        configuration: {
          standardConfiguration: [
            key('VALUE', { default: 'hello' }),
            key('NEEDED', { required: true }),
            key('MODE', { required: true, default: 'plain' }),
            key('NOTE'),
          ],
          securedConfiguration: [key('TOKEN', { required: true }), key('SPARE')],
        },
      },
    },
    handler: { type: 'event' },
    tick: { type: 'job', spec: { properties: { schedule: '0 3 * * *' } } },
    pictures: { type: 'assets', files: { 'public/logo.svg': '<svg/>' } },
  },
  {
    configuration: {
      standardConfiguration: [
        key('PLACE', { required: true, default: 'Berlin' }),
        key('STREET', { required: true }),
      ],
      securedConfiguration: [key('SHARED', { required: true })],
    },
  },
);

type Values = Readonly<Record<string, string>>;

const list = (values: Values) =>
  Object.entries(values).map(([name, value]) => ({ key: name, value }));

/** One application's part of a request. */
export function values(applicationName: string, standard: Values = {}, secured: Values = {}) {
  return {
    applicationName,
    standardConfiguration: list(standard),
    securedConfiguration: list(secured),
  };
}

export function globals(standard: Values = {}, secured: Values = {}) {
  return { standardConfiguration: list(standard), securedConfiguration: list(secured) };
}

export const webValues = values('web', { NEEDED: 'yes' }, { TOKEN: 'a token' });
export const shopGlobals = globals({ STREET: 'Quay' }, { SHARED: 'shared secret' });

/** What makes a Deployment of `web`, unless `fields` say otherwise. */
export function shopDraft(connector: Answer, fields: Readonly<Record<string, unknown>> = {}) {
  return {
    connector: { id: connector.body.id, staged: 'isPreviewable' in connector.body },
    region: 'europe-west1.gcp',
    configurations: [webValues],
    globalConfiguration: shopGlobals,
    ...fields,
  };
}

/** The same without a process. */
export function picturesDraft(connector: Answer, fields: Readonly<Record<string, unknown>> = {}) {
  return shopDraft(connector, { configurations: [values('pictures')], ...fields });
}
