import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { previewConnector, settle } from '../support/deploy.ts';
import { type FakeRegistry, startFakeRegistry } from '../support/fake-registry.ts';
import { createRepository } from '../support/git-repository.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

/** Previews and publishes of a connector with a dependency from a registry of the test's own. */
async function start(audit: string) {
  const cleanup = new AsyncDisposableStack();
  const registry = cleanup.use(await startFakeRegistry());
  const environment = { npm_config_registry: registry.url, BERTH_AUDIT: audit };
  const berth = cleanup.use(await startBerth({ environment }));
  let previews = 0;
  const preview = async () => {
    // What the registry said of a lockfile before would be taken.
    previews += 1;
    const source = cleanup.use(
      await createRepository({ files: files(registry, previews), tag: 'v1' }),
    );
    return previewConnector(berth, { url: source.url, tag: 'v1' });
  };
  return {
    ...{ registry, berth, preview },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** @param number another one is another lockfile */
function files(registry: FakeRegistry, number: number) {
  return tinyConnector({
    web: {
      files: {
        'package.json': JSON.stringify({
          name: 'web',
          version: '1.0.0',
          scripts: { start: 'node server.cjs' },
          dependencies: { bad: '^1.0.0' },
        }),
        'package-lock.json': registry.npmLock('web'),
        '.npmrc': `# ${number}\n`,
      },
    },
  });
}

interface Entry {
  readonly type: string;
  readonly title: string;
  readonly message?: string;
}

function find(report: { readonly entries: readonly Entry[] }, title: string): Entry | undefined {
  return report.entries.find((entry) => entry.title === title);
}

async function publish(berth: Berth, staged: Answer): Promise<Answer> {
  const path = `/connectors/drafts/${staged.body.id}`;
  const actions = [{ action: 'publish', certification: false }];
  await berth.request('POST', path, { version: staged.body.version, actions });
  return settle(
    () => berth.request('GET', path),
    ({ body }) => body.status !== 'Processing',
  );
}

describe('by default', () => {
  let of: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    of = await start('warn');
  });
  afterAll(() => of[Symbol.asyncDispose]());

  test('a preview says which checks there were, in the words of the hosted platform', async () => {
    of.registry.audits = { kind: 'nothing' };
    const { body } = await of.preview();
    expect(body.isPreviewable).toBe('true');
    const titles = body.previewableReport.entries.map(
      ({ type, title }: Entry) => `${type}: ${title}`,
    );
    expect(titles).toEqual(
      expect.arrayContaining([
        'Information: Connector specification file validation check succeeded',
        'Information: Application Build check succeeded',
        'Information: SAST and SCA analysis check succeeded',
        'Information: Image security analysis check skipped',
      ]),
    );
    const audit = find(body.previewableReport, 'SAST and SCA analysis check succeeded');
    expect(audit?.message).toMatch(/^web: 1 package\(s\) checked with npm \d.*\nOnly production/);
  });

  test('vulnerable dependencies are a Warning with a list, and nothing is refused', async () => {
    of.registry.audits = { kind: 'advisory', severity: 'critical' };
    const staged = await of.preview();
    expect(staged.body.isPreviewable).toBe('true');
    const title = 'SAST and SCA analysis check found vulnerabilities';
    expect(find(staged.body.previewableReport, title)).toMatchObject({
      type: 'Warning',
      message: expect.stringContaining('- critical: bad <1.0.1: Bad things'),
    });
    const published = await publish(of.berth, staged);
    expect(published.body.status).toBe('Published');
    expect(find(published.body.publishingReport, title)).toBeDefined();
  });

  test('a registry without audits means skipped, and is never a success', async () => {
    of.registry.audits = { kind: 'status', status: 410 };
    const { body } = await of.preview();
    expect(body.isPreviewable).toBe('true');
    expect(find(body.previewableReport, 'SAST and SCA analysis check skipped')).toMatchObject({
      type: 'Information',
      message: expect.stringContaining('web: not checked. `npm audit` of npm '),
    });
    const success = find(body.previewableReport, 'SAST and SCA analysis check succeeded');
    expect(success).toBeUndefined();
  });
});

test('BERTH_AUDIT=fail refuses previews and publishes with vulnerable dependencies', async () => {
  await using of = await start('fail');
  of.registry.audits = { kind: 'advisory', severity: 'high' };
  const staged = await of.preview();
  expect(staged.body.isPreviewable).toBe('false');
  expect(find(staged.body.previewableReport, 'SAST and SCA analysis check failed')).toMatchObject({
    type: 'Error',
    message: expect.stringContaining('- high: bad'),
  });
  const published = await publish(of.berth, staged);
  expect(published.body.status).toBe('Failed');
});

test('BERTH_AUDIT=off asks nobody, and says so', async () => {
  await using of = await start('off');
  const { body } = await of.preview();
  expect(find(body.previewableReport, 'SAST and SCA analysis check skipped')).toMatchObject({
    message: 'BERTH_AUDIT is off.',
  });
  expect(of.registry.requests.filter(({ line }) => line.includes('/security/'))).toEqual([]);
});
