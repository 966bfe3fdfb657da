import { decideActions, desiredInstances, instanceKey } from '../../core/reconcile.ts';
import type { Release } from '../../core/release.ts';
import type { InstanceAddress } from '../../core/route-table.ts';
import type { InstanceRecord } from '../../ports/store.ts';
import { type CrashLoop, Instance, type InstanceDependencies } from './instance.ts';

/** Everything that runs on this machine, brought to what is desired at every look. */
export class Instances implements AsyncDisposable {
  readonly #deps: InstanceDependencies;
  readonly #byKey = new Map<string, Instance>();
  readonly #stopping = new Map<string, Promise<void>>();

  constructor(deps: InstanceDependencies) {
    this.#deps = deps;
  }

  /** Level-triggered: called with all releases that may run, as often as anything may have changed. */
  reconcile(releases: readonly Release[]): void {
    const desired = desiredInstances(releases);
    const { start, stop } = decideActions(desired, new Set(this.#byKey.keys()));
    for (const key of stop) this.#stop(key);
    for (const [key, instance] of this.#byKey) {
      const wanted = desired.get(key);
      if (wanted !== undefined) instance.update(wanted);
    }
    for (const wanted of start) {
      const key = instanceKey(wanted.release.id, wanted.application.name);
      if (!this.#stopping.has(key)) this.#byKey.set(key, new Instance(this.#deps, wanted));
    }
  }

  /** Resolves when nothing of the release is left. Take it out of what is desired first. */
  async stopped(releaseId: string): Promise<void> {
    const own = [...this.#stopping].filter(([key]) => key.startsWith(`${releaseId}/`));
    await Promise.all(own.map(([, stopping]) => stopping));
  }

  records(): readonly InstanceRecord[] {
    return [...this.#byKey.values()].map((instance) => instance.record);
  }

  crashLoops(): readonly CrashLoop[] {
    return [...this.#byKey.values()].flatMap(({ crashLoop }) => crashLoop ?? []);
  }

  healthy(): ReadonlyMap<string, InstanceAddress> {
    return new Map(
      [...this.#byKey].flatMap(([key, instance]) =>
        instance.address === undefined
          ? []
          : [[key, { instanceId: instance.id, ...instance.address }]],
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const key of [...this.#byKey.keys()]) this.#stop(key);
    await Promise.all(this.#stopping.values());
  }

  #stop(key: string): void {
    const instance = this.#byKey.get(key);
    if (instance === undefined) return;
    this.#byKey.delete(key);
    const stopping = instance
      .stop()
      .catch((error: unknown) =>
        this.#deps.logger.error({ err: error, instance: instance.id }, 'could not stop'),
      )
      .finally(() => {
        this.#stopping.delete(key);
        this.#deps.changed();
      });
    this.#stopping.set(key, stopping);
  }
}
