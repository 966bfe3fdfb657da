import { isDeepStrictEqual } from 'node:util';
import { wantedInstances } from '../../core/demand.ts';
import { absent, asleep, type Presence } from '../../core/presence.ts';
import type { DesiredApplication } from '../../core/reconcile.ts';
import type { InstanceAddress } from '../../core/route-table.ts';
import { unscaled } from '../../core/scaling.ts';
import type { InstanceRecord } from '../../ports/runtime-reader.ts';
import type { InFlight } from '../connections/in-flight.ts';
import { within } from '../connections/within.ts';
import { type CrashLoop, Instance, type InstanceDependencies } from './instance.ts';
import { createTraffic, type Traffic } from './traffic.ts';

export interface ScalingDependencies extends InstanceDependencies {
  readonly inFlight: InFlight;
  /** After how long without requests an application may sleep; undefined: never. */
  readonly idleMs: number | undefined;
  /** How long what is let go may still answer. */
  readonly drainMs: number;
  /** Resolves when nothing is sent any more to an instance that has gone. */
  readonly unrouted: () => Promise<void>;
}

/** The instances of one application of a release: as many as it needs now, none while it sleeps. */
export class ApplicationInstances {
  readonly #deps: ScalingDependencies;
  readonly #traffic: Traffic;
  /** Oldest first. */
  readonly #running = new Set<Instance>();
  readonly #leaving = new Map<Instance, Promise<void>>();
  readonly #stopping = new AbortController();
  #desired: DesiredApplication;
  #presence = absent;

  constructor(deps: ScalingDependencies, desired: DesiredApplication) {
    this.#deps = deps;
    this.#desired = desired;
    // What an earlier data plane ran of it starts again when somebody asks.
    const isFresh = desired.release.state === 'candidate';
    this.#traffic = createTraffic(deps.inFlight, { isFresh });
    this.#settle();
  }

  /** The same object while nothing of it changes. */
  get presence(): Presence {
    const now = this.#presenceNow();
    if (!isDeepStrictEqual(now, this.#presence)) this.#presence = now;
    return this.#presence;
  }

  records(): readonly InstanceRecord[] {
    if (this.#running.size + this.#leaving.size === 0) return none;
    return [...this.#running, ...this.#leaving.keys()].map(({ record }) => record);
  }

  /** The worst of them: it is over when all are. */
  get crashLoop(): CrashLoop | undefined {
    if (this.#running.size === 0) return undefined;
    const loops = [...this.#running].flatMap(({ crashLoop }) => crashLoop ?? []);
    const [worst] = loops.toSorted((one, other) => other.restarts - one.restarts);
    return worst && { ...worst, isOver: loops.every(({ isOver }) => isOver) };
  }

  /** Level-triggered, and asked about once a second: how busy it is decides how many run. */
  update(desired: DesiredApplication): void {
    this.#desired = desired;
    for (const instance of this.#running) instance.update(desired);
    this.#traffic.look(
      [...this.#running].map((instance) => ({
        id: instance.id,
        // One that ends again and again does not sleep: it would count as able to run.
        isStarting: instance.address === undefined,
      })),
    );
    this.#settle();
  }

  #presenceNow(): Presence {
    if (this.#running.size === 0)
      return this.#desired.release.state === 'current' ? asleep : absent;
    const instances = [...this.#running].flatMap(addressOf);
    const isFailing = instances.length === 0 && [...this.#running].some(endsAgainAndAgain);
    return { instances, sleeps: false, ...(isFailing ? { failing } : {}) };
  }

  /** Somebody waits for it. */
  wake(): void {
    this.#traffic.ask();
    this.#settle();
  }

  /** Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const instance of this.#running) this.#letGo(instance);
    await Promise.all(this.#leaving.values());
  }

  #settle(): void {
    if (this.#stopping.signal.aborted) return;
    const { release, application } = this.#desired;
    const wanted = wantedInstances(
      {
        state: release.state,
        scaling: application.scaling ?? unscaled,
        running: this.#running.size,
        mayNotSleep: this.#desired.isHandedOver,
        ...this.#traffic.demand(),
      },
      this.#deps.idleMs,
    );
    if (this.#running.size === wanted) return;
    while (this.#running.size < wanted) this.#running.add(new Instance(this.#deps, this.#desired));
    for (const instance of this.#superfluous(this.#running.size - wanted)) this.#letGo(instance);
  }

  /** Those that do not answer go first, then the newest of those that nobody waits for. Others stay until they are free. */
  #superfluous(count: number): readonly Instance[] {
    const { inFlight } = this.#deps;
    const newestFirst = [...this.#running].toReversed();
    const silent = newestFirst.filter(({ address }) => address === undefined);
    const free = newestFirst.filter(
      ({ id, address }) => address !== undefined && inFlight.ofInstance(id) === 0,
    );
    return [...silent, ...free].slice(0, Math.max(0, count));
  }

  #letGo(instance: Instance): void {
    const { inFlight, logger, changed } = this.#deps;
    this.#running.delete(instance);
    const leaving = this.#leave(instance)
      .catch((error: unknown) =>
        logger.error({ err: error, instance: instance.id }, 'could not stop'),
      )
      .finally(() => {
        this.#leaving.delete(instance);
        inFlight.forget(instance.id);
        changed();
      });
    this.#leaving.set(instance, leaving);
  }

  async #leave(instance: Instance): Promise<void> {
    const { drainMs, inFlight, unrouted } = this.#deps;
    const free = async (): Promise<void> => {
      await unrouted();
      await inFlight.drainedInstance(instance.id);
    };
    // Of a whole release that is stopped, requests have been waited for already.
    const { signal } = this.#stopping;
    if (!signal.aborted) await within(drainMs, free(), signal);
    await instance.stop();
  }
}

const none: readonly InstanceRecord[] = [];

/** For whoever asks for it; its log says more, and is not for everybody. */
const failing = 'It ends again and again soon after its start. Its log says why.';

function endsAgainAndAgain({ crashLoop }: Instance): boolean {
  return crashLoop !== undefined && !crashLoop.isOver;
}

function addressOf({ id, address }: Instance): readonly InstanceAddress[] {
  return address === undefined ? [] : [{ instanceId: id, ...address }];
}
