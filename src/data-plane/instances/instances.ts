import type { Presences } from '../../core/presence.ts';
import { applicationKey, type DesiredApplication, decideActions } from '../../core/reconcile.ts';
import type { InstanceRecord } from '../../ports/runtime-reader.ts';
import { ApplicationInstances, type ScalingDependencies } from './application-instances.ts';
import type { CrashLoop } from './instance.ts';

/** Everything that runs on this machine, brought to what is desired at every look. */
export class Instances implements AsyncDisposable {
  readonly #deps: ScalingDependencies;
  readonly #byKey = new Map<string, ApplicationInstances>();
  readonly #stopping = new Map<string, Promise<void>>();
  #present: Presences = new Map();

  constructor(deps: ScalingDependencies) {
    this.#deps = deps;
  }

  /** Level-triggered: called with all that may run, as often as anything may have changed. */
  reconcile(desired: ReadonlyMap<string, DesiredApplication>): void {
    const { start, stop } = decideActions(desired, this.#byKey);
    for (const key of stop) this.#stop(key);
    for (const [key, instances] of this.#byKey) {
      const wanted = desired.get(key);
      if (wanted !== undefined) instances.update(wanted);
    }
    for (const wanted of start) {
      const key = applicationKey(wanted.release.id, wanted.application.name);
      if (!this.#stopping.has(key))
        this.#byKey.set(key, new ApplicationInstances(this.#deps, wanted));
    }
  }

  /** Somebody waits for an application that sleeps. */
  wake(releaseId: string, applicationName: string): void {
    this.#byKey.get(applicationKey(releaseId, applicationName))?.wake();
  }

  /** Resolves when nothing of the release is left. Take it out of what is desired first. */
  async stopped(releaseId: string): Promise<void> {
    const own = [...this.#stopping].filter(([key]) => key.startsWith(`${releaseId}/`));
    await Promise.all(own.map(([, stopping]) => stopping));
  }

  records(): readonly InstanceRecord[] {
    return [...this.#byKey.values()].flatMap((instances) => instances.records());
  }

  crashLoops(): readonly CrashLoop[] {
    return [...this.#byKey.values()].flatMap(({ crashLoop }) => crashLoop ?? []);
  }

  /** The same map while nothing of it changes. */
  present(): Presences {
    const before = this.#present;
    let isSame = before.size === this.#byKey.size;
    for (const [key, { presence }] of this.#byKey) isSame &&= before.get(key) === presence;
    if (!isSame)
      this.#present = new Map([...this.#byKey].map(([key, { presence }]) => [key, presence]));
    return this.#present;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const key of [...this.#byKey.keys()]) this.#stop(key);
    await Promise.all(this.#stopping.values());
  }

  #stop(key: string): void {
    const instances = this.#byKey.get(key);
    if (instances === undefined) return;
    this.#byKey.delete(key);
    const stopping = instances.stop().finally(() => {
      this.#stopping.delete(key);
      this.#deps.changed();
    });
    this.#stopping.set(key, stopping);
  }
}
