import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Config, ConfigMistakes, parseConfig } from '../../src/config/parse-config.ts';
import { readEnv } from '../../src/config/read-env.ts';

function configOf(environment: Readonly<Record<string, string>>): Config {
  return parseConfig(readEnv(environment));
}

function mistakesOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    configOf(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigMistakes) return error.mistakes;
    throw error;
  }
}

const project = { BERTH_PUBSUB_PROJECT_ID: 'my-project' };
const publisher = 'subscriptions@commercetools-platform.iam.gserviceaccount.com';

describe('the bridge', () => {
  test('is off unless a project is named', () => {
    expect(configOf({}).bridge).toBeUndefined();
    expect(configOf({}).pubsubPort).toBeUndefined();
  });

  test('takes the credentials of the machine, and lets commercetools publish', () => {
    expect(configOf(project).bridge).toEqual({
      projectId: 'my-project',
      credentials: { kind: 'metadata' },
      publisher,
    });
  });

  test('takes a key file, an address and another publisher', () => {
    expect(
      configOf({
        ...project,
        BERTH_PUBSUB_CREDENTIALS_FILE: 'key.json',
        BERTH_PUBSUB_ENDPOINT: 'https://europe-west1-pubsub.googleapis.com/',
        BERTH_PUBSUB_PUBLISHER: 'none',
        BERTH_PUBSUB_PORT: '0',
      }),
    ).toMatchObject({
      pubsubPort: 0,
      bridge: {
        projectId: 'my-project',
        endpoint: 'https://europe-west1-pubsub.googleapis.com',
        credentials: { kind: 'file', file: resolve('key.json') },
      },
    });
  });

  test('sends an emulator no credentials, and asks it for no rights', () => {
    expect(configOf({ ...project, BERTH_PUBSUB_ENDPOINT: 'http://localhost:8085' }).bridge).toEqual(
      {
        projectId: 'my-project',
        endpoint: 'http://localhost:8085',
        credentials: { kind: 'none' },
      },
    );
  });

  test.for([
    [{ BERTH_PUBSUB_ENDPOINT: 'http://localhost:8085' }, ['BERTH_PUBSUB_PROJECT_ID must be set']],
    [{ BERTH_PUBSUB_PROJECT_ID: 'My Project' }, ['BERTH_PUBSUB_PROJECT_ID must be the id']],
    [{ BERTH_PUBSUB_PORT: '65536' }, ['BERTH_PUBSUB_PORT must be a whole number']],
    [
      { ...project, BERTH_PUBSUB_ENDPOINT: 'localhost:8085', BERTH_PUBSUB_PUBLISHER: 'somebody' },
      ['BERTH_PUBSUB_ENDPOINT must be', 'BERTH_PUBSUB_PUBLISHER must be'],
    ],
    [
      {
        ...project,
        BERTH_PUBSUB_ENDPOINT: 'http://example.com',
        BERTH_PUBSUB_CREDENTIALS_FILE: 'key.json',
      },
      ['BERTH_PUBSUB_CREDENTIALS_FILE must not be set with an http'],
    ],
  ] as const)('with %o has mistakes', ([environment, expected]) => {
    const mistakes = mistakesOf(environment);
    expect(mistakes).toHaveLength(expected.length);
    for (const [index, text] of expected.entries()) expect(mistakes[index]).toContain(text);
  });
});
