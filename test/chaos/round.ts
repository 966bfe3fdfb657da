import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { workFoldersOf, workProcessesOf } from '../support/leftovers.ts';
import { ask, startRequestLoop } from '../support/request-loop.ts';
import { type Fault, faultFiles, type RandomKill } from './faults.ts';
import { startPublisher } from './publisher.ts';
import {
  deployments,
  describe,
  isFinal,
  knownFrom,
  type OperationName,
  prepare,
  request,
  until,
  type World,
} from './world.ts';

export interface Round {
  readonly operation: OperationName;
  readonly fault: Fault | RandomKill;
  /** False where the operation did not come to the point. */
  readonly fired: boolean;
  /** From the request to the final state. */
  readonly ms: number;
  /** What must not be; empty where all is well. */
  readonly violations: readonly string[];
}

/** From the moment at which everything runs again. */
const finalWithinMs = 60_000;
const settleMs = 20_000;
/** For points that come behind the final state, as the end of the release that drains. */
const lateMs = 6_000;

/** Lets one thing go wrong in one operation, and looks what came of it. Leaves the world ready for the next. */
export async function playRound(
  world: World,
  operation: OperationName,
  fault: Fault | RandomKill,
): Promise<Round> {
  await prepare(world, operation);
  const files = faultFiles(world.planes.faults);
  await rm(files.fired, { force: true });
  const before = world.known;
  const endings = world.planes.endings(fault.plane);
  const requests = before === undefined ? undefined : startRequestLoop(before.url, few);
  const publisher = operation === 'undeploy' ? undefined : startPublisher(world);
  if ('point' in fault) await arm(files.armed, fault);
  const startedAt = performance.now();
  const requested = request(world, operation);
  const killed = 'point' in fault ? undefined : killLater(world, fault);
  const { accepted, value } = await requested;
  const id: string = before?.id ?? accepted.body?.id;
  const settled = await until(
    () => world.client.get(`${deployments}/${id}`),
    isFinal,
    finalWithinMs,
  );
  const ms = Math.round(performance.now() - startedAt);
  await killed;
  const hasFired = async () => killed !== undefined || existsSync(files.fired);
  const fired = await eventually(hasFired, Boolean, lateMs);
  await rm(files.armed, { force: true });
  await world.planes.ready();
  const acknowledged = (await publisher?.stop()) ?? [];
  await requests?.stop();

  const violations: string[] = [];
  const claim = (holds: boolean, text: () => string): void => {
    if (!holds) violations.push(text());
  };
  claim([200, 201, 202].includes(accepted.status) || isRepeat(operation, accepted.status), () => {
    return `the request was answered ${describe(accepted)}`;
  });
  claim(isFinal(settled), () => `no final state after ${ms} ms: ${describe(settled)}`);
  const isKill = !('action' in fault) || fault.action === 'kill';
  if (!isKill || !fired)
    claim(world.planes.endings(fault.plane) === endings, () => 'the plane ended');
  const mustSucceed = isKill || ('action' in fault && fault.action === 'delay') || !fired;
  if (operation === 'undeploy') {
    claim(settled.status === 404 || !mustSucceed, () => `not deleted: ${describe(settled)}`);
  } else {
    claim(settled.body?.status === 'Deployed' || !mustSucceed, () => {
      return `not deployed: ${describe(settled)}`;
    });
    claim(settled.body?.version === (before?.version ?? 0) + 1, () => {
      return `version ${settled.body?.version} after ${before?.version ?? 'nothing'}`;
    });
    // While the control plane is away, nobody who asks the application may notice.
    if (requests !== undefined && fault.plane === 'control')
      claim(requests.failures.length === 0, () => {
        return `${requests.failures.length} requests failed: ${requests.failures[0]}`;
      });
  }
  world.known = settled.status === 404 ? undefined : knownFrom(settled);
  await claimServing(world, { operation, settled, value, before }, claim);
  await claimDelivered(world, acknowledged, claim);
  await claimNothingLeft(world, before, claim);
  await recover(world);
  return { operation, fault, fired, ms, violations };
}

async function killLater({ planes }: World, { plane, afterMs }: RandomKill): Promise<void> {
  await wait(afterMs);
  planes.kill(plane);
}

/** Some 100 requests a second: what fails for a moment is seen, and the processor is left to what is tried. */
const few = { kept: 2, fresh: 1, pauseMs: 20 };

/** A DELETE that was accepted in the moment of a kill is refused when it is sent again, or finds nothing any more. */
function isRepeat(operation: OperationName, status: number): boolean {
  return operation === 'undeploy' && [400, 404].includes(status);
}

async function arm(file: string, fault: Fault): Promise<void> {
  await writeFile(file, JSON.stringify(fault));
}

type Claim = (holds: boolean, text: () => string) => void;

async function claimServing(
  world: World,
  {
    operation,
    settled,
    value,
    before,
  }: {
    readonly operation: OperationName;
    readonly settled: { readonly status: number; readonly body: { readonly status?: string } };
    readonly value: string;
    readonly before: World['known'];
  },
  claim: Claim,
): Promise<void> {
  if (settled.status === 404 || operation === 'undeploy') return;
  const isDeployed = settled.body.status === 'Deployed';
  // A release that took over before the failure may go on (contract §2.4 speaks of failed builds and starts).
  const wanted = isDeployed ? [value] : before === undefined ? [] : [before.value, value];
  if (wanted.length === 0) return;
  const url = world.known?.url || before?.url || '';
  const answer = await eventually(
    () => ask(url),
    ({ status, body }) => status === 200 && wanted.includes(body),
  );
  claim(answer.status === 200 && wanted.includes(answer.body), () => {
    return `it answers ${answer.status} ${answer.body} instead of ${wanted.join(' or ')}`;
  });
}

async function claimDelivered(
  { collector }: World,
  acknowledged: readonly string[],
  claim: Claim,
): Promise<void> {
  const lost = await eventually(
    async () => acknowledged.filter((data) => !collector.received.has(data)),
    (left) => left.length === 0,
  );
  claim(lost.length === 0, () => `${lost.length} acknowledged messages were not delivered`);
}

/** Two applications run while there is a Deployment, with a work folder and a record each; else nothing. */
async function claimNothingLeft(
  { planes, known }: World,
  before: World['known'],
  claim: Claim,
): Promise<void> {
  const { dataDirectory } = planes;
  const wanted = known === undefined ? 0 : 2;
  const processes = await eventually(
    () => programsOf(dataDirectory),
    (found) => found.length === wanted,
  );
  // One that never came up has nothing running.
  const isFine = processes.length === wanted || (known?.url === '' && processes.length === 0);
  claim(isFine, () => {
    return `${processes.length} processes: ${processes.join('; ')}`;
  });
  const folders = await eventually(
    async () =>
      (await workFoldersOf(dataDirectory)).filter((path) => !path.startsWith('run/data/')),
    (found) => found.length === 0,
  );
  claim(folders.length === 0, () => `left on disk: ${folders.join(', ')}`);
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  claim(!mounts.includes(dataDirectory), () => `mounted: ${mounts}`);
  if (known === undefined && before !== undefined) {
    const { status } = await eventually(
      () => ask(before.url),
      (answer) => answer.status === 0,
    );
    claim(status === 0, () => `somebody still answers ${status} at ${before.url}`);
  }
}

/** Without the sandbox around them, and not at full length. What leads out of a network is one of them where nobody is in it. */
async function programsOf(dataDirectory: string): Promise<readonly string[]> {
  const all = (await workProcessesOf(dataDirectory)).map(({ command }) => command);
  const around = /^\S*\b(?:bwrap|slirp4netns) /;
  const programs = all.filter((command) => !around.test(command));
  const waysOut = all.filter((command) => /^\S*\bslirp4netns /.test(command));
  return [...programs, ...waysOut.slice(programs.length)].map((command) => command.slice(0, 200));
}

/** What failed is deployed again, so that the next round begins with something that works. */
async function recover(world: World): Promise<void> {
  const { known, client } = world;
  if (known === undefined) return;
  const { body } = await client.get(`${deployments}/${known.id}`);
  if (body.status === 'Deployed') return;
  await request(world, 'redeploy');
  const settled = await until(() => client.get(`${deployments}/${known.id}`), isFinal);
  if (settled.body?.status !== 'Deployed')
    throw new Error(`It cannot be deployed again: ${describe(settled)}`);
  world.known = knownFrom(settled);
}

async function eventually<T>(
  read: () => Promise<T>,
  isSo: (found: T) => boolean,
  withinMs = settleMs,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await read();
    if (isSo(found) || Date.now() > deadline) return found;
    await wait(50);
  }
}
