import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  type JobSchedule,
  openJobScheduler,
} from '../../src/data-plane/jobs/open-job-scheduler.ts';
import type { Store } from '../../src/ports/store.ts';
import { ControlledTime } from '../support/controlled-time.ts';
import { calling, runningAt, startApplication } from '../support/job-application.ts';
import { deployment, jobRun } from '../support/records.ts';
import type { PrepareStore } from './store/place.ts';

const minute = 60_000;
const jobsOfEach = 50;

/** Two data planes that have the same jobs in their lists, and meet only in the store. */
export function describeTwoSchedulers(name: string, prepare: PrepareStore): void {
  test(`two data planes on ${name} run each tick and each request once`, async () => {
    const place = await prepare();
    await using first = await place.open();
    await using second = await place.open();
    await first.commit([{ kind: 'insert-deployment', record: deployment() }]);
    const { address, requests } = await startApplication();
    const list = Array.from(
      { length: jobsOfEach },
      (_, at): JobSchedule => ({
        ...{ deploymentId: 'deployment', applicationName: `job-${at}`, endpoint: `/job-${at}` },
        ...{ schedule: '* * * * *', ...runningAt(address) },
        ...(at % 2 === 0 ? { missedRuns: 'once' } : {}),
      }),
    );
    const planes = [first, second].map((store, at) => open(store, `data-${at}`));
    for (const { jobs } of planes) jobs.applySchedules(list);
    const asked = Array.from({ length: 20 }, (_, at) =>
      jobRun({ id: randomUUID(), applicationName: `job-${at}`, scheduledFor: start }),
    );
    const rounds = 5;
    for (let round = 0; round < rounds; round++) {
      for (const run of asked.slice(round * 4, round * 4 + 4))
        await first.commit([{ kind: 'request-job-run', run }]);
      for (const { time, jobs } of planes) {
        time.pass(minute);
        jobs.hint();
      }
      await expect
        .poll(() => requests.length, { timeout: 60_000 })
        .toBe((round + 1) * (jobsOfEach + 4));
    }
    // One of them was away, and finds that the other one has made all of its runs.
    planes[1]?.time.setClock(10 * minute);
    planes[0]?.time.pass(10 * minute);
    await expect
      .poll(() => requests.length, { timeout: 60_000 })
      .toBe(rounds * (jobsOfEach + 4) + 10 * jobsOfEach);
    planes[1]?.jobs.applySchedules(list);
    for (const { jobs } of planes) await jobs[Symbol.asyncDispose]();

    const { results } = await first.jobRuns.query('project', {
      ...{ deploymentId: 'deployment', limit: 10_000, offset: 0 },
    });
    const runs = results.map(({ applicationName, trigger, scheduledFor, id }) =>
      [applicationName, trigger, trigger === 'request' ? id : scheduledFor].join(' '),
    );
    expect(new Set(runs).size).toBe(runs.length);
    expect(runs).toHaveLength((rounds + 10) * jobsOfEach + asked.length);
    expect(new Set(results.map(({ state }) => state))).toEqual(new Set(['succeeded']));
    expect(requests).toHaveLength(runs.length);
  });
}

const start = Date.parse('2026-01-01T00:00:00.000Z');

function open(store: Store, plane: string) {
  const time = new ControlledTime(new Date(start).toISOString());
  const jobs = openJobScheduler({
    ...{ clock: time, timers: time, plane, newId: randomUUID, onRun: () => undefined },
    ...calling(),
    runs: store.jobRuns,
  });
  return { time, jobs };
}
