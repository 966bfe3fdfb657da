import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { desiredApplications } from '../core/reconcile.ts';
import type { Release } from '../core/release.ts';
import type { Builder } from '../ports/builder.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventBridge } from '../ports/event-bridge.ts';
import type { EventBroker } from '../ports/event-broker.ts';
import type { LogStore } from '../ports/log-store.ts';
import type { Logger } from '../ports/logger.ts';
import type { PlatformRedirect, Runtime } from '../ports/runtime.ts';
import type { Opener } from '../ports/secret-box.ts';
import type { Store } from '../ports/store.ts';
import { openPuller } from './bridge/open-puller.ts';
import { BridgeReports } from './bridge-reports.ts';
import { coalesce } from './coalesce.ts';
import { type Callee, createCaller } from './connections/callee.ts';
import { createInFlight } from './connections/in-flight.ts';
import { within } from './connections/within.ts';
import { CrashReports } from './crash-reports.ts';
import { createDerivation } from './derived-state.ts';
import { createDesiredStateReader } from './desired-state.ts';
import { createFolderFinder } from './file-folders.ts';
import { openGateway } from './gateway/server.ts';
import type { TypeLimits } from './instances/instance.ts';
import { Instances } from './instances/instances.ts';
import { openJobScheduler } from './jobs/open-job-scheduler.ts';
import { createLogCollector } from './logs/collect.ts';
import { createRedactions } from './logs/redactions.ts';
import { jobEntry, pushEntry, requestEntry } from './logs/request-entries.ts';
import { Observations, portChanges, routedChanges } from './observations.ts';
import { openPushDelivery } from './push/open-push-delivery.ts';
import { whileSame } from './while-same.ts';

export interface DataPlaneOptions {
  readonly store: Store;
  /** What only this data plane is called, and the next one that takes its place. */
  readonly seat: string;
  readonly logs: LogStore;
  readonly events: EventBroker;
  /** Where events come from that others publish elsewhere. Absent: nowhere. */
  readonly bridge?: EventBridge;
  readonly runtime: Runtime;
  readonly builder: Pick<Builder, 'find' | 'findIntact'>;
  readonly secrets: Opener;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly platform?: PlatformRedirect;
  readonly host: string;
  readonly gatewayPort: number;
  readonly startupTimeoutMs: number;
  readonly limits: TypeLimits;
  readonly drainMs: number;
  /** After how long without requests an application that may sleep does; undefined: never. */
  readonly idleMs: number | undefined;
}

export interface DataPlane extends AsyncDisposable {
  readonly gatewayPort: number;
}

/** A hint that was lost costs this much and nothing else. */
const lookMs = 1000;

/** Carries: brings what runs, listens and is routed to what the store says, and says in the store what it sees. */
export async function startDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const { store, logger, runtime } = options;
  await stopLeftovers(runtime, logger);
  await Observations.clear(store);
  await endRuns(options);
  const redactions = createRedactions();
  await using opening = new AsyncDisposableStack();
  const logs = opening.use(createLogCollector({ ...options, redactions }));
  // The platform's own calls pass no gateway, and whoever drains a release waits for them too.
  const inFlight = createInFlight();
  const wake = (releaseId: string, applicationName: string): void =>
    instances.wake(releaseId, applicationName);
  const onAwaited = (callee: Callee): void => wake(callee.releaseId, callee.applicationName);
  const gateway = await openGateway({
    host: options.host,
    port: options.gatewayPort,
    loopbackHost: '127.0.0.1',
    onRequest: (request) => logs.entry(requestEntry(request)),
    inFlight,
    onAwaited({ target, applicationName }) {
      if (target.kind === 'process') wake(target.releaseId, applicationName);
    },
    limits: { startMs: options.startupTimeoutMs },
    logger,
  });
  // From here on nothing can fail: what is open is closed by whoever stops it.
  opening.move();
  const call = createCaller(inFlight);
  const push = openPushDelivery({
    broker: options.events,
    clock: options.clock,
    call,
    onAwaited,
    onAttempt: (attempt) => logs.entry(pushEntry(attempt)),
    logger,
  });
  const puller = openPuller({ ...options, broker: options.events });
  const jobs = openJobScheduler({
    clock: options.clock,
    runs: store.jobRuns,
    plane: options.seat,
    newId: randomUUID,
    call,
    onAwaited,
    startMs: options.startupTimeoutMs,
    onRun: (run) => logs.entry(jobEntry(run)),
    logger,
  });
  const instances = new Instances({
    ...options,
    sealingKeys: store.sealingKeys,
    logs,
    redactions,
    inFlight,
    async unrouted() {
      // A look that fails has changed nothing: whoever waits for this waits for a bounded time.
      const before = routed;
      while (routed === before && !closing) {
        look.hint();
        await look.settled();
        if (routed === before) await pause(lookMs, undefined, { ref: false });
      }
    },
    changed: () => look.hint(),
  });
  const readDesiredState = createDesiredStateReader(store);
  const idsOf = whileSame((releases: readonly Release[]) => new Set(releases.map(({ id }) => id)));
  const desiredOf = whileSame(desiredApplications);
  const findFolders = createFolderFinder(options);
  const derive = createDerivation(options.bridge?.project);
  const observations = new Observations();
  const crashReports = new CrashReports(options);
  const bridgeReports = new BridgeReports(options);
  const drains = new Map<string, 'draining' | 'drained'>();
  /** How often the routes have followed. */
  let routed = 0;
  let closing = false;

  const look = coalesce(async () => {
    const { releases, addresses } = await readDesiredState();
    // Only now: a look that read the release before it was forgotten must not start it again.
    const ids = idsOf(releases);
    redactions.keep(ids);
    for (const id of drains.keys()) if (!ids.has(id)) drains.delete(id);
    const isDrained = ({ id }: Release): boolean => drains.get(id) === 'drained';
    instances.reconcile(
      desiredOf(releases.some(isDrained) ? releases.filter((one) => !isDrained(one)) : releases),
    );
    const folders = await findFolders(releases);
    const derived = derive(releases, addresses, instances.present(), folders);
    const { table, subscriptions, schedules } = derived;
    const outcomes = await gateway.applyRoutes(table);
    push.applySubscriptions(subscriptions);
    puller.applyTopics(subscriptions);
    jobs.applySchedules(schedules);
    routed++;
    jobs.hint();
    await write([
      ...observations.instances(instances.records()),
      ...portChanges(addresses, outcomes),
      ...routedChanges(releases, table),
    ]);
    for (const release of releases) if (release.state === 'draining') drain(release.id);
    await crashReports.tell(instances.crashLoops());
    await bridgeReports.tell(puller.troubles());
  }, logger);

  const write = async (changes: Parameters<Store['commit']>[0]): Promise<void> => {
    if (changes.length === 0) return;
    try {
      await store.commit(changes);
    } catch (error) {
      observations.forget();
      throw error;
    }
  };

  /** Requests under way may finish; then its instances stop; then the store may say so. */
  const drain = (releaseId: string): void => {
    if (drains.has(releaseId)) return;
    drains.set(releaseId, 'draining');
    void (async () => {
      await within(options.drainMs, inFlight.drained(releaseId));
      drains.set(releaseId, 'drained');
      look.hint();
      await look.settled();
      await instances.stopped(releaseId);
      await store.commit([{ kind: 'forget-release', id: releaseId }]);
    })().catch((error: unknown) => {
      logger.error({ err: error, releaseId }, 'a release could not be forgotten');
      drains.delete(releaseId);
    });
  };

  const unwatch = store.watch(look.hint);
  const timer = setInterval(look.hint, lookMs);
  look.hint();
  return {
    gatewayPort: gateway.port,
    async [Symbol.asyncDispose]() {
      closing = true;
      clearInterval(timer);
      unwatch();
      look.stop();
      await look.settled();
      await Promise.all([jobs, push, puller].map((one) => one[Symbol.asyncDispose]()));
      await gateway[Symbol.asyncDispose]();
      await instances[Symbol.asyncDispose]();
      await logs[Symbol.asyncDispose]();
    },
  };
}

/** What a killed data plane left running: nobody reads its output and no row explains it. */
async function stopLeftovers(runtime: Runtime, logger: Logger): Promise<void> {
  const leftovers = (await runtime.observe()).filter(({ owned }) => !owned);
  await Promise.all(leftovers.map(({ id }) => runtime.stop(id, 0)));
  if (leftovers.length > 0)
    logger.warn({ stopped: leftovers.length }, 'stopped what an earlier process left running');
}

/** Those of jobs that a killed data plane had under way: nobody waits for their answers any more. */
async function endRuns({ store, seat, clock, logger }: DataPlaneOptions): Promise<void> {
  const reason = 'The data plane ended before it answered.';
  const interrupted = await store.jobRuns.interrupt({ plane: seat, at: clock.now(), reason });
  if (interrupted > 0) logger.warn({ interrupted }, 'runs of jobs were interrupted');
}
