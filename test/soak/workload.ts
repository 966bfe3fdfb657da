import type { Answer, Berth } from '../support/berth.ts';
import { draftOf, redeploy, settleDeployment, undeploy } from '../support/deploy.ts';
import { ask } from '../support/request-loop.ts';

export interface Workload {
  readonly deployments: number;
  readonly redeploys: number;
  /** Deployments that exist at the same time. Older ones are deleted. */
  readonly alive: number;
  readonly lanes: number;
}

interface Lane {
  readonly living: { readonly id: string }[];
}

/**
 * Makes Deployments of tiny applications, redeploys each with another value, asks whether it answers with it, and deletes
 * the oldest. Between slices nothing is under way.
 * @throws where anything does not end as it should
 */
export async function* work(
  berth: Berth,
  connector: Answer,
  { deployments, redeploys, alive, lanes }: Workload,
  slices: number,
): AsyncGenerator<{ readonly deployments: number; readonly redeploys: number }> {
  const all: Lane[] = Array.from({ length: lanes }, () => ({ living: [] }));
  const done = { deployments: 0, redeploys: 0 };
  for (let slice = 1; slice <= slices; slice++) {
    const until = Math.round((deployments * slice) / slices);
    await Promise.all(
      all.map(async (lane) => {
        while (done.deployments < until) {
          const number = ++done.deployments;
          const due = Math.round((redeploys * number) / deployments);
          const rounds = due - Math.round((redeploys * (number - 1)) / deployments);
          await liveThrough(berth, connector, { number, rounds, lane });
          done.redeploys += rounds;
          if (lane.living.length > alive / lanes) await removeOldest(berth, lane);
        }
      }),
    );
    yield { ...done };
  }
  for (const lane of all) while (lane.living.length > 0) await removeOldest(berth, lane);
}

async function liveThrough(
  berth: Berth,
  connector: Answer,
  { number, rounds, lane }: { readonly number: number; readonly rounds: number; lane: Lane },
): Promise<void> {
  const created = await berth.request('POST', `/${berth.projectKey}/deployments`, {
    ...draftOf(connector),
    configurations: [withValue(`${number}`)],
  });
  if (created.status !== 201) throw unexpected('a create', created);
  let deployment = await settleDeployment(berth, created.body.id);
  await expectValue(deployment, `${number}`);
  for (let round = 1; round <= rounds; round++) {
    const value = `${number}.${round}`;
    const accepted = await redeploy(berth, deployment, {
      configurationValues: [withValue(value)],
    });
    if (accepted.status !== 201) throw unexpected('a redeploy', accepted);
    deployment = await settleDeployment(berth, created.body.id);
    await expectValue(deployment, value);
  }
  lane.living.push({ id: created.body.id });
}

function withValue(value: string) {
  return {
    applicationName: 'app',
    standardConfiguration: [{ key: 'VALUE', value }],
    securedConfiguration: [{ key: 'SECRET', value: `secret of ${value}` }],
  };
}

async function expectValue(deployment: Answer, value: string): Promise<void> {
  if (deployment.body.status !== 'Deployed') throw unexpected('a deploy', deployment);
  const answer = await ask(deployment.body.applications[0].url);
  if (answer.status !== 200 || answer.body !== value)
    throw new Error(`It answered ${answer.status} ${answer.body} instead of ${value}`);
}

async function removeOldest(berth: Berth, lane: Lane): Promise<void> {
  const oldest = lane.living.shift();
  if (oldest === undefined) return;
  const last = await undeploy(berth, oldest.id);
  if (last.status !== 404) throw unexpected('a delete', last);
}

function unexpected(what: string, answer: Answer): Error {
  const body = JSON.stringify(answer.body, undefined, 2);
  return new Error(`Unexpected end of ${what}: ${answer.status}\n${body}`);
}
