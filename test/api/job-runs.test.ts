import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxRequestedRuns } from '../../src/core/job-run.ts';
import type { LogEntry } from '../../src/core/log-entry.ts';
import type { BeginningRun } from '../../src/ports/job-runs.ts';
import type { Answer } from '../support/berth.ts';
import { jobRun } from '../support/records.ts';
import { openWorld, type World } from './error-table/world.ts';
import { values, webValues } from './shop-connector.ts';
import { detailsOf, expectErrors } from './support.ts';

const minute = 60_000;
let world: World;
let deployment: Answer;

beforeAll(async () => {
  world = await openWorld();
  const configurations = [webValues, values('tick')];
  deployment = await world.deployed({ key: 'with-a-job', configurations });
});

afterAll(() => world?.[Symbol.asyncDispose]());

const runPath = (application = 'tick', ref = 'key=with-a-job') =>
  `${world.deploymentPath(ref)}/jobs/${application}/run`;
const runs = (query = '', ref = 'key=with-a-job') =>
  world.get(`${world.deploymentPath(ref)}/runs${query}`);
const idsOf = ({ body }: Answer) => body.results.map(({ id }: { id: string }) => id);
const tickOf = (id: string, tickAt: number): BeginningRun => ({
  ...{ id, tickAt, plane: 'data', startedAt: tickAt + 5, alone: false },
  ...{ deploymentId: deployment.body.id, applicationName: 'tick' },
  trigger: 'schedule',
});

describe('a run of a job', () => {
  test('is asked for, and listed until it has ended and after it', async () => {
    const asked = await world.post(runPath(), undefined);
    expect([asked.status, asked.body]).toEqual([
      202,
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        deploymentId: deployment.body.id,
        applicationName: 'tick',
        trigger: 'request',
        state: 'requested',
        scheduledFor: expect.stringMatching(/Z$/),
        requestedBy: expect.any(String),
      },
    ]);
    const { id } = asked.body;
    const path = `${world.deploymentPath(deployment.body.id)}/runs/${id}`;
    expect((await world.get(path)).body).toEqual(asked.body);

    const { jobRuns } = world.plane.store;
    await jobRuns.take([{ id, plane: 'data', startedAt: 2 * minute, alone: false }]);
    expect((await world.get(path)).body).toMatchObject({
      ...{ state: 'running', startedAt: '1970-01-01T00:02:00.000Z' },
    });
    await jobRuns.end([
      { id, from: 'running', state: 'succeeded', finishedAt: 3 * minute, status: 204 },
    ]);
    expect((await world.get(path)).body).toMatchObject({
      ...{ state: 'succeeded', status: 204, durationMs: minute },
      finishedAt: '1970-01-01T00:03:00.000Z',
    });
    expect((await runs()).body.results).toContainEqual((await world.get(path)).body);
  });

  test('is found by application and state, newest first, in pages', async () => {
    const { body } = await world.deployed({ configurations: [values('tick')] });
    const of = (id: string, tickAt: number) => ({ ...tickOf(id, tickAt), deploymentId: body.id });
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    const { jobRuns } = world.plane.store;
    await jobRuns.begin([of(first, minute)]);
    await jobRuns.begin([of(second, 2 * minute)]);
    await jobRuns.begin([{ ...of(third, 3 * minute), skipped: 'Another one runs.' }]);
    const ids = async (query?: string) => idsOf(await runs(query, body.id));
    expect(await ids()).toEqual([third, second, first]);
    expect(await ids('?limit=1&offset=1')).toEqual([second]);
    expect(await ids('?state=skipped&state=failed')).toEqual([third]);
    expect(await ids('?applicationName=tick&state=running')).toEqual([second, first]);
    expect(await ids('?applicationName=web')).toEqual([]);
    expect((await runs('', body.id)).body.results[0]).toEqual({
      id: third,
      deploymentId: body.id,
      applicationName: 'tick',
      trigger: 'schedule',
      state: 'skipped',
      scheduledFor: '1970-01-01T00:03:00.000Z',
      finishedAt: '1970-01-01T00:03:00.005Z',
      reason: 'Another one runs.',
    });
  });

  test('has the lines of its application from its beginning to its end', async () => {
    const id = randomUUID();
    const now = Date.now();
    const { jobRuns } = world.plane.store;
    await jobRuns.begin([{ ...tickOf(id, now - 10 * minute), startedAt: now - 10 * minute }]);
    const line = (at: number, message: string, applicationName = 'tick'): LogEntry => ({
      ...{ type: 'APPLICATION_TEXT', severity: 'INFO', timestamp: at, details: { message } },
      ...{ deploymentId: deployment.body.id, applicationName },
    });
    await world.plane.logs.append([
      line(now - 11 * minute, 'before'),
      ...Array.from({ length: 101 }, (_, at) => line(now - 9 * minute + at, `line ${at}`)),
      line(now - 9 * minute, 'of another', 'web'),
      line(now - 8 * minute + 900, 'last words'),
      line(now - 7 * minute, 'later'),
    ]);
    const path = `${world.deploymentPath('key=with-a-job')}/runs/${id}/logs`;
    const read = async () => {
      const messages: string[] = [];
      let pageToken = '';
      do {
        const { status, body } = await world.get(`${path}?pageToken=${pageToken}`);
        expect(status).toBe(200);
        messages.push(...body.data.map((one: LogEntry) => one.details['message']));
        pageToken = encodeURIComponent(body.next);
      } while (pageToken !== '');
      return messages;
    };
    expect((await read()).at(-1)).toBe('later');
    const finishedAt = now - 8 * minute;
    await jobRuns.end([{ id, from: 'running', state: 'succeeded', finishedAt, status: 200 }]);
    const messages = await read();
    expect([messages.length, messages[0], messages.at(-1)]).toEqual([102, 'line 0', 'last words']);
    expectErrors(await world.get(`${path}?pageToken=nonsense`), 400, [
      'DeploymentLogInvalidPageToken',
    ]);

    const asked = await world.post(runPath(), undefined);
    const unbegun = `${world.deploymentPath('key=with-a-job')}/runs/${asked.body.id}/logs`;
    expect((await world.get(unbegun)).body).toEqual({ data: [], next: '' });
  });

  test('is refused where there is nothing to run', async () => {
    const fresh = await world.create({ configurations: [values('tick')] });
    const ask = (application?: string, ref?: string) =>
      world.post(runPath(application, ref), undefined);
    expectErrors(await ask('nobody'), 400, ['DeploymentApplicationDoesNotExist']);
    expectErrors(await ask('handler'), 400, ['DeploymentApplicationDoesNotExist']);
    expectErrors(await ask('web'), 400, ['DeploymentJobNotRunnable']);
    const undeployed = await ask('tick', fresh.body.id);
    expectErrors(undeployed, 400, ['DeploymentJobNotRunnable']);
    expect(undeployed.body.message).toContain('never been deployed');
    expectErrors(await ask('tick', 'key=nobody'), 404, ['ResourceNotFound']);
    expectErrors(await ask('x'.repeat(257)), 400, ['InvalidPathParam']);
  });

  test('is refused while too many wait, and does not wait behind those of another', async () => {
    const busy = await world.deployed({ configurations: [values('tick')] });
    const given = { projectKey: world.project, deploymentId: busy.body.id } as const;
    await world.plane.store.commit(
      Array.from({ length: maxRequestedRuns }, () => ({
        kind: 'request-job-run',
        run: jobRun({ ...given, id: randomUUID(), applicationName: 'tick' }),
      })),
    );
    const refused = await world.post(runPath('tick', busy.body.id), undefined);
    expectErrors(refused, 400, ['DeploymentJobNotRunnable']);
    expect(refused.body.message).toContain('100 runs of it wait already');
    expect((await world.post(runPath(), undefined)).status).toBe(202);
  });

  test('of another Deployment, or nobody’s, does not exist', async () => {
    const other = await world.deployed({ configurations: [values('tick')] });
    const asked = await world.post(runPath('tick', other.body.id), undefined);
    for (const path of [`runs/${asked.body.id}`, `runs/${asked.body.id}/logs`])
      expectErrors(await world.get(`${world.deploymentPath('key=with-a-job')}/${path}`), 404, [
        'ResourceNotFound',
      ]);
    expectErrors(await runs(`/${randomUUID()}`), 404, ['ResourceNotFound']);
    expectErrors(await runs('/no-uuid'), 400, ['InvalidPathParam']);
    expectErrors(await runs('?state=ended&limit=501&offset=-1&applicationName='), 400, [
      ...Array(4).fill('InvalidQueryParam'),
    ]);
  });
});

describe('the policies of a job', () => {
  const tick = (fields: object) => ({ ...values('tick'), ...fields });
  const shown = ({ body }: Answer) => {
    const { overlapPolicy, missedRuns } = body.applications[0];
    return { overlapPolicy, missedRuns };
  };

  test('are kept by a redeploy that leaves them out, and come back with a rollback', async () => {
    const set = { overlapPolicy: 'forbid', missedRuns: 'once' };
    const created = await world.deployed({ configurations: [tick(set)] });
    expect(shown(created)).toEqual(set);
    const path = world.deploymentPath(created.body.id);
    const act = async (action: object) => {
      await world.redeploy(await world.get(path), { ...action });
      while (await world.plane.work('succeed'));
      return world.get(path);
    };
    expect(shown(await act({}))).toEqual(set);
    const changed = await act({ configurationValues: [tick({ overlapPolicy: 'replace' })] });
    expect(shown(changed)).toEqual({ overlapPolicy: 'replace', missedRuns: 'once' });
    const [release] = await world.plane.store.runtime.releases({
      ...{ states: ['current'], deploymentId: created.body.id },
    });
    expect(release?.applications[0]).toMatchObject({
      ...{ overlapPolicy: 'replace', missedRuns: 'once' },
    });
    const { version } = changed.body;
    await world.post(`${path}/rollback`, { version, revision: 1 });
    while (await world.plane.work('succeed'));
    expect(shown(await world.get(path))).toEqual(set);
    const revision = await world.get(`${path}/revisions/1`);
    expect(shown(revision)).toEqual(set);
  });

  test('are refused where they are unknown, or of no job, each mistake by its name', async () => {
    const odd = await world.create({
      configurations: [tick({ overlapPolicy: 'queue', missedRuns: true })],
    });
    expectErrors(odd, 400, ['InvalidJsonInput', 'InvalidJsonInput']);
    expect(detailsOf(odd)).toEqual([
      expect.stringContaining('configurations.0.overlapPolicy'),
      expect.stringContaining('configurations.0.missedRuns'),
    ]);
    const service = await world.create({
      configurations: [{ ...webValues, overlapPolicy: 'forbid', missedRuns: 'once' }],
    });
    expectErrors(service, 400, ['InvalidJsonInput', 'InvalidJsonInput']);
    expect(detailsOf(service)).toEqual([
      'overlapPolicy: application web is no job, so it has no runs',
      'missedRuns: application web is no job, so it has no runs',
    ]);
  });
});
