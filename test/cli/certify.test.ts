import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addProject, type TestProject } from '../api/support.ts';
import { type Answer, type Berth, startBerth } from '../support/berth.ts';
import { settle } from '../support/deploy.ts';
import { createRepository, type TestRepository } from '../support/git-repository.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { tinyConnector } from '../support/tiny-connector.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

let berth: Berth;
let repository: TestRepository;
let stranger: TestProject;

beforeAll(async () => {
  const pictures = { type: 'assets', files: { 'public/a.svg': '<svg/>' } } as const;
  [berth, repository] = await Promise.all([
    startBerth(),
    createRepository({ files: tinyConnector({ pictures }), tag: 'v1' }),
  ]);
  stranger = await addProject(berth, 'strangers');
});
afterAll(async () => {
  await berth?.[Symbol.asyncDispose]();
  await repository?.remove();
});

function run(args: readonly string[], dataDirectory = berth.dataDirectory) {
  return execa(process.execPath, [program, 'certify', ...args], {
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '', BERTH_DATA_DIR: dataDirectory },
    reject: false,
  });
}

/** A draft whose creator has asked for certification, validated. */
async function waiting(key: string, token?: string): Promise<Answer> {
  const ask = (method: string, path: string, body?: unknown) =>
    berth.request(method, path, body, token);
  const { body } = await ask('POST', '/connectors/drafts', {
    key,
    name: `Connector\u202e ${key}`,
    creator: { email: 'somebody@example.com' },
    repository: { url: repository.url, tag: 'v1' },
  });
  const path = `/connectors/drafts/${body.id}`;
  const publish = { action: 'publish', certification: true };
  await ask('POST', path, { version: body.version, actions: [publish] });
  const settled = await settle(
    () => ask('GET', path),
    (answer) => answer.body.status !== 'Processing',
  );
  expect(settled.body.status, JSON.stringify(settled.body)).toBe('ReadyForCertification');
  return settled;
}

const now = ({ body }: Answer) => berth.request('GET', `/connectors/drafts/${body.id}`);

describe('berth certify', () => {
  test('does it also where nobody reads what it says', async () => {
    const staged = await waiting('unread');
    for (const args of [['list'], ['list', '--json'], ['start', staged.body.id]]) {
      const running = run(args);
      running.stdout.destroy();
      const { exitCode, stderr } = await running;
      expect([exitCode, stderr]).toEqual([0, '']);
    }
    expect((await now(staged)).body.status).toBe('InCertification');
  });

  test('makes public what waits, beside a running server', async () => {
    const staged = await waiting('to-approve');
    const { body } = staged;
    const listed = await run(['list', '--json']);
    const started = await run(['start', body.id]);
    const approved = await run(['approve', body.id, '--comment', 'Well done']);

    expect(listed.stdout.split('\n').map((line) => JSON.parse(line))).toContainEqual({
      id: body.id,
      projectKey: berth.projectKey,
      key: 'to-approve',
      version: body.version,
      status: 'ReadyForCertification',
      name: body.name,
      repository: { url: repository.url, tag: 'v1' },
      commit: repository.firstCommit,
    });
    expect([started.exitCode, started.stdout]).toEqual([
      0,
      expect.stringContaining(
        `${body.id} is InCertification now. End it with: berth certify approve`,
      ),
    ]);
    expect([approved.exitCode, approved.stderr]).toEqual([0, '']);
    expect((await now(staged)).body).toMatchObject({
      status: 'Published',
      private: false,
      certificationInfo: { comments: [{ userId: 'operator', comment: 'Well done' }] },
    });
    const found = await berth.request(
      'GET',
      '/connectors/search?key=to-approve',
      undefined,
      stranger.token,
    );
    expect(found.body.results).toMatchObject([{ id: body.id, certified: true }]);
    expect((await run(['list', '--json'])).stdout).not.toContain(body.id);
  });

  test('sends back what is not good enough, and says what comes next', async () => {
    const staged = await waiting('to-reject');
    const rejected = await run(['reject', 'to-reject', '--comment', 'No logo', '--json']);

    expect(JSON.parse(rejected.stdout)).toMatchObject({ id: staged.body.id, status: 'Draft' });
    expect((await now(staged)).body).toMatchObject({
      status: 'Draft',
      certificationInfo: { comments: [{ userId: 'operator', comment: 'No logo' }] },
    });
    const again = await run(['approve', staged.body.id]);
    expect([again.exitCode, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toMatch(/is in status Draft, but to approve.*\nIts creator asks/s);
  });

  test('asks which project is meant where several have the key', async () => {
    await waiting('same-key');
    const theirs = await waiting('same-key', stranger.token);
    const unclear = await run(['start', 'same-key']);
    expect([unclear.exitCode, unclear.stderr]).toEqual([
      1,
      expect.stringContaining('Say which with --project: strangers, test-project'),
    ]);
    expect((await run(['start', 'same-key', '--project', 'strangers'])).exitCode).toBe(0);

    const { body } = await berth.request(
      'GET',
      `/connectors/drafts/${theirs.body.id}`,
      undefined,
      stranger.token,
    );
    expect(body.status).toBe('InCertification');
    const lists = await run(['list', '--project', 'strangers']);
    const rows = lists.stdout.split('\n').filter((line) => line.includes('same-key'));
    expect(rows).toEqual([expect.stringMatching(/strangers +same-key +InCertification/)]);
    // A name of a stranger does not get to the operator's terminal as it is.
    expect(lists.stdout).not.toContain('\u202e');
  });

  test('leaves an entry in the audit log', async () => {
    const { body } = await waiting('audited');
    await run(['start', body.id]);
    const found = await berth.request(
      'GET',
      `/${berth.projectKey}/audit-log?resourceId=${body.id}&action=certify`,
    );

    expect(found.body.results).toMatchObject([
      {
        actor: { type: 'operator' },
        before: { status: 'ReadyForCertification' },
        after: { status: 'InCertification' },
      },
    ]);
  });

  test.for([
    [['start', 'nobody'], 'There is no ConnectorStaged with the id or key "nobody"'],
    [['reject', 'to-approve', '--comment', ' '], '--comment must have 1 to 2000 characters'],
    [['start'], "missing required argument 'id-or-key'"],
    [['bless', 'x'], "unknown command 'bless'"],
  ] as const)('%j is refused', async ([args, message]) => {
    const { exitCode, stderr } = await run(args);

    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  test('makes no data directory where there is none', async () => {
    const folder = await makeTempFolder();
    const { exitCode, stderr } = await run(['list'], folder);

    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('BERTH_DATA_DIR')]);
  });

  test('explains itself', async () => {
    const { exitCode, stdout } = await run(['--help']);

    expect(exitCode).toBe(0);
    for (const step of ['list', 'start', 'approve', 'reject']) expect(stdout).toContain(step);
  });
});
