import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import {
  draftOf,
  previewConnector,
  readLog,
  redeploy,
  settleDeployment,
} from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { processesOf } from '../support/leftovers.ts';
import { tinyConnector, tinyServer } from '../support/tiny-connector.ts';

const canary = `canary-${randomBytes(12).toString('hex')}`;

/** What people really put into one variable, and what breaks shells, JSON and line-based files. */
const values: Readonly<Record<string, string>> = {
  JSON_VALUE: JSON.stringify({
    key: `${canary}-json`,
    list: [1, 'two', null],
    nested: { a: '"b"' },
  }),
  QUOTES: `${canary}-quotes 'single' "double" \`tick\` \\back\\`,
  DOLLARS: `${canary}-dollars $HOME \${HOME} $(id) %PATH% !history & | ; < > * ? #`,
  LINES: `${canary}-lines\nsecond\r\n\tthird\n\n`,
  EMOJI: `${canary}-emoji 🚀 ñ 漢字 \u202e \u0301`,
  LONG: `${canary}-long ${'x'.repeat(60_000)}`,
  SPACES: `  ${canary}-spaces  `,
};

const script = `
const names = ${JSON.stringify(Object.keys(values))};
const digest = (text) => require('node:crypto').createHash('sha256').update(text).digest('hex');
console.log('digests ' + names.map((name) => digest(process.env[name] ?? 'unset')).join(' '));
if (process.env.SCRIPT_FAILS) process.exit(1);
`;

describe('secured values', () => {
  let berth: Berth;
  let repository: TestRepository;
  let deployment: Answer;
  const answers: string[] = [];
  const keep = (answer: Answer): Answer => {
    answers.push(JSON.stringify(answer.body));
    return answer;
  };

  beforeAll(async () => {
    berth = await startBerth();
    repository = await createRepository({
      files: tinyConnector(
        {
          app: {
            server: `if (process.env.APPLICATION_FAILS) process.exit(1); ${tinyServer}`,
            spec: {
              scripts: { postDeploy: 'node script.cjs' },
              configuration: {
                standardConfiguration: ['APPLICATION_FAILS', 'SCRIPT_FAILS'].map(declare),
                securedConfiguration: Object.keys(values).map(declare),
              },
            },
            files: { 'script.cjs': script },
          },
        },
        { configuration: { securedConfiguration: [declare('SHARED')] } },
      ),
      tag: 'v1',
    });
    const connector = await previewConnector(berth, { url: repository.url, tag: 'v1' });
    const draft = draftOf(connector, {
      key: 'with-secrets',
      globalConfiguration: {
        securedConfiguration: [{ key: 'SHARED', value: `${canary}-shared` }],
      },
    });
    draft.configurations[0].securedConfiguration = Object.entries(values).map(([key, value]) => ({
      key,
      value,
    }));
    keep(await berth.request('POST', '/test-project/deployments', draft));
    const [created] = answers;
    deployment = keep(await settleDeployment(berth, JSON.parse(created ?? '').id));
    expect(deployment.body.status).toBe('Deployed');
  });
  afterAll(async () => {
    await berth[Symbol.asyncDispose]();
    await repository.remove();
  });

  test('reach the application byte for byte', async () => {
    const { url } = deployment.body.applications[0];
    for (const [key, value] of Object.entries({ ...values, SHARED: `${canary}-shared` })) {
      expect(await (await fetch(`${url}/env/${key}`)).text(), key).toBe(value);
    }
  });

  test('reach the script byte for byte', async () => {
    const digests = Object.values(values).map((value) =>
      createHash('sha256').update(value).digest('hex'),
    );
    const log = JSON.stringify(await readLog(berth, deployment.body.id));
    expect(log).toContain(`digests ${digests.join(' ')}`);
  });

  test('are masked, and stay what they are when the mask comes back', async () => {
    const { securedConfiguration } = deployment.body.applications[0];
    expect(new Set(securedConfiguration.map(({ value }: { value: string }) => value))).toEqual(
      new Set(['********']),
    );
    const accepted = await redeploy(berth, deployment, {
      configurationValues: [{ applicationName: 'app', securedConfiguration }],
    });
    deployment = keep(await settleDeployment(berth, accepted.body.id));
    const { url } = deployment.body.applications[0];
    expect(await (await fetch(`${url}/env/QUOTES`)).text()).toBe(values['QUOTES']);
  });

  test('are found nowhere else, after a deploy, failures of script and application, a crash and a kill', async () => {
    const { url } = deployment.body.applications[0];
    await fetch(`${url}/crash`).catch(() => undefined);
    for (const key of ['SCRIPT_FAILS', 'APPLICATION_FAILS']) {
      const accepted = await redeploy(berth, deployment, {
        configurationValues: [
          { applicationName: 'app', standardConfiguration: [{ key, value: 'yes' }] },
        ],
      });
      deployment = keep(await settleDeployment(berth, accepted.body.id));
    }
    expect(deployment.body.status).toBe('Failed');
    keep(await berth.request('GET', '/test-project/deployments'));
    keep(await berth.request('GET', '/connectors/drafts'));
    keep(await berth.request('POST', '/test-project/deployments', { configurations: values }));
    keep(await berth.request('POST', '/test-project/deployments', badDraft(deployment)));
    answers.push(JSON.stringify(await readLog(berth, deployment.body.id)));
    await berth.kill('control');
    await berth.kill('data');

    expect(answers.filter((answer) => answer.includes(canary))).toEqual([]);
    expect(berth.output.filter((line) => line.includes(canary))).toEqual([]);
    expect(await filesWith('with-secrets', berth.dataDirectory)).not.toEqual([]);
    expect(await filesWith(canary, berth.dataDirectory)).toEqual([]);
    const processes = await processesOf(berth.dataDirectory);
    expect(processes.filter(({ command }) => command.includes(canary))).toEqual([]);
    expect(await filesWith(berth.client.secret, berth.dataDirectory)).toEqual([]);
  });
});

function declare(key: string) {
  return { key, description: `The ${key}` };
}

/** The value is in the list of standard values, where its key does not belong. */
function badDraft({ body }: Answer) {
  const standardConfiguration = Object.entries(values).map(([key, value]) => ({ key, value }));
  return {
    connector: { id: body.connector.id, staged: true },
    region: 'europe-west1.gcp',
    configurations: [{ applicationName: 'app', standardConfiguration }],
  };
}

/** As text, as base64 and as hex. */
async function filesWith(text: string, directory: string): Promise<readonly string[]> {
  const middle = Buffer.from(text).subarray(3, -3);
  const forms = [
    Buffer.from(text),
    ...[0, 1, 2].map((offset) => Buffer.from(middleOfBase64(text, offset))),
    Buffer.from(middle.toString('hex')),
  ];
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (forms.some((form) => bytes.includes(form))) found.push(path);
  }
  return found;
}

/** What base64 makes of the text wherever in a value it begins, without the characters its neighbours share in. */
function middleOfBase64(text: string, offset: number): string {
  const encoded = Buffer.from('\0'.repeat(offset) + text).toString('base64');
  return encoded.slice(4, -4);
}
