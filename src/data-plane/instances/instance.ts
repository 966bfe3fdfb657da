import { randomUUID } from 'node:crypto';
import { backoffMs } from '../../core/backoff.ts';
import { describeFailure, RuntimeFailure } from '../../core/failure.ts';
import type { LocalAddress } from '../../core/local-address.ts';
import type { DesiredApplication } from '../../core/reconcile.ts';
import type { NamedSecret } from '../../core/redaction.ts';
import type { ReleaseEnvironment } from '../../core/release.ts';
import { lastLines } from '../../core/report.ts';
import { secretContext } from '../../core/secret-context.ts';
import type { Artifact, Builder } from '../../ports/builder.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type {
  InstanceExit,
  InstanceLimits,
  PlatformRedirect,
  RunningInstance,
  Runtime,
} from '../../ports/runtime.ts';
import type { InstanceRecord } from '../../ports/runtime-reader.ts';
import type { SealingKeyReader } from '../../ports/sealing-keys.ts';
import type { Opener } from '../../ports/secret-box.ts';
import type { LogCollector } from '../logs/collect.ts';
import type { Redactions } from '../logs/redactions.ts';
import { awaitListening } from './await-listening.ts';
import { keepOutputTail } from './output-tail.ts';
import { watchHealth } from './watch-health.ts';

/** Contract §5.4: a job gets more than the other types. */
export interface TypeLimits {
  readonly application: InstanceLimits;
  readonly job: InstanceLimits;
}

export interface InstanceDependencies {
  readonly runtime: Runtime;
  readonly builder: Pick<Builder, 'find' | 'findIntact'>;
  readonly secrets: Opener;
  readonly sealingKeys: SealingKeyReader;
  readonly logs: LogCollector;
  readonly redactions: Redactions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly platform?: PlatformRedirect;
  readonly startupTimeoutMs: number;
  readonly limits: TypeLimits;
  /** Called after every change of `record` or `address`. */
  readonly changed: () => void;
}

const restartBackoff = { first: 250, max: 30_000 };
/** An instance that ran this long has shown that it works: its restarts count anew. */
const stableMs = 60_000;
/** So many ends, each soon after the start before, are no accident. */
const loopRestarts = 3;
const stopGraceMs = 10_000;

/** An application that ends again and again soon after it was started. */
export interface CrashLoop {
  readonly releaseId: string;
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly restarts: number;
  /** Why it ended the last time, for people. */
  readonly reason: string;
  /** It has run for long enough now. */
  readonly isOver: boolean;
}

/** Keeps one copy of one application running: starts it, watches it, starts it again. */
export class Instance {
  readonly id = randomUUID();
  readonly #deps: InstanceDependencies;
  readonly #stopping = new AbortController();
  readonly #tail = keepOutputTail();
  #desired: DesiredApplication;
  #state: InstanceRecord['state'] = 'starting';
  #message: string | undefined;
  #restarts = 0;
  #recentRestarts = 0;
  #startedAt = 0;
  #lastReason = '';
  #running: RunningInstance | undefined;
  #done: Promise<void>;

  constructor(deps: InstanceDependencies, desired: DesiredApplication) {
    this.#deps = deps;
    this.#desired = desired;
    this.#done = this.#keepRunning();
  }

  /** Where it answers, while it is healthy. */
  get address(): LocalAddress | undefined {
    return this.#state === 'healthy' ? this.#running?.address : undefined;
  }

  get releaseId(): string {
    return this.#desired.release.id;
  }

  get record(): InstanceRecord {
    return {
      id: this.id,
      releaseId: this.#desired.release.id,
      applicationName: this.#desired.application.name,
      state: this.#state,
      ...(this.#message === undefined ? {} : { message: this.#message }),
      restarts: this.#restarts,
      updatedAt: this.#deps.clock.now(),
    };
  }

  get crashLoop(): CrashLoop | undefined {
    if (this.#recentRestarts < loopRestarts) return undefined;
    const { release, application } = this.#desired;
    return {
      releaseId: release.id,
      deploymentId: release.deploymentId,
      applicationName: application.name,
      restarts: this.#recentRestarts,
      reason: this.#lastReason,
      isOver: this.#state === 'healthy' && performance.now() - this.#startedAt > stableMs,
    };
  }

  /** A candidate became current: from now on it is started again when it ends, and at once where it has ended already. */
  update(desired: DesiredApplication): void {
    this.#desired = desired;
    if (!desired.restarts || this.#state !== 'failed' || this.#stopping.signal.aborted) return;
    this.#restarts++;
    this.#become('starting', this.#message);
    this.#done = this.#keepRunning();
  }

  /** Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#running !== undefined) await this.#deps.runtime.stop(this.#running.id, stopGraceMs);
    await this.#done;
  }

  async #keepRunning(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#startedAt = performance.now();
      const reason = await this.#runOnce().catch((error: unknown) => describeFailure(error));
      if (this.#stopping.signal.aborted) return;
      if (!this.#desired.restarts) return this.#become('failed', reason);
      if (performance.now() - this.#startedAt > stableMs) this.#recentRestarts = 0;
      this.#lastReason = reason;
      this.#restarts++;
      this.#recentRestarts++;
      const pauseMs = backoffMs(this.#recentRestarts, restartBackoff);
      this.#become('starting', reason);
      this.#say(`It is started again in ${pauseMs} ms (restart ${this.#restarts}). ${reason}`);
      await this.#pause(pauseMs);
    }
  }

  /** From spawn to end. @returns why it ended, for people */
  async #runOnce(): Promise<string> {
    const { application } = this.#desired;
    const ended = Promise.withResolvers<InstanceExit>();
    const running = await this.#start(ended.resolve);
    this.#running = running;
    // A stop that came while it was being spawned found nothing to stop.
    if (this.#stopping.signal.aborted) await this.#deps.runtime.stop(running.id, stopGraceMs);
    const over = new AbortController();
    const exit = ended.promise.finally(() => over.abort());
    const up = await awaitListening(running.address, application.healthCheck, {
      signal: AbortSignal.any([this.#stopping.signal, over.signal]),
      timeoutMs: this.#deps.startupTimeoutMs,
    });
    if (!up && !over.signal.aborted && !this.#stopping.signal.aborted) {
      const reason = this.#explainSilence(running);
      await this.#deps.runtime.stop(running.id, stopGraceMs);
      return reason;
    }
    if (up) this.#become('healthy', undefined);
    const reason = await this.#watch(running, exit);
    this.#running = undefined;
    return reason;
  }

  async #watch(running: RunningInstance, exit: Promise<InstanceExit>): Promise<string> {
    const check = this.#desired.application.healthCheck;
    let unhealthy: string | undefined;
    const unwatch =
      check === undefined || this.#state !== 'healthy'
        ? () => {}
        : watchHealth(running.address, check, (failures) => {
            unhealthy = `Its health check ${check.path} failed ${failures} times in a row.`;
            void this.#deps.runtime.stop(running.id, stopGraceMs);
          });
    const end = await exit;
    unwatch();
    return unhealthy ?? this.#explainExit(end);
  }

  async #start(exited: (exit: InstanceExit) => void): Promise<RunningInstance> {
    const { application, release } = this.#desired;
    const { builder } = this.#deps;
    const artifact = requireThere(await builder.find(application.artifactKey));
    if (artifact.start.kind === 'static') throw notThere();
    const { plain, sealed } = application.environment;
    const secrets = await this.#openSecrets(release.deploymentId, sealed);
    const environment = Object.fromEntries(
      [...plain, ...secrets].map(({ key, value }) => [key, value] as const),
    );
    const { redactions } = this.#deps;
    redactions.know(
      {
        deploymentId: release.deploymentId,
        releaseId: release.id,
        applicationName: application.name,
      },
      secrets,
    );
    const origin = { deploymentId: release.deploymentId, applicationName: application.name };
    const redactor = redactions.of(release.deploymentId);
    this.#tail.begin((text) => redactions.of(release.deploymentId).text(redactor.text(text)));
    return this.#deps.runtime.start(
      {
        id: `${this.id}.${this.#restarts}`,
        directory: artifact.directory,
        root: artifact.root,
        start: artifact.start,
        node: artifact.node,
        path: artifact.path,
        environment,
        limits: this.#deps.limits[application.type === 'job' ? 'job' : 'application'],
        // All its files are looked at while its sandbox is made.
        mayBegin: async () => {
          requireThere(await builder.findIntact(application.artifactKey));
        },
        ...(this.#deps.platform === undefined ? {} : { platformRedirect: this.#deps.platform }),
      },
      {
        output: (_stream, lines) => {
          this.#tail.add(lines);
          return this.#deps.logs.output(origin, lines);
        },
        exited: (exit) => {
          this.#deps.logs.hurry();
          exited(exit);
        },
      },
    );
  }

  async #openSecrets(
    deploymentId: string,
    sealed: ReleaseEnvironment['sealed'],
  ): Promise<readonly NamedSecret[]> {
    if (sealed.length === 0) return [];
    const { secrets, sealingKeys } = this.#deps;
    const sealingKey = await sealingKeys.get(deploymentId);
    return sealed.map(({ key, sealed: text }) => ({
      key,
      value: secrets.open(text, secretContext(deploymentId, key), sealingKey),
    }));
  }

  #explainExit({ code, signal, exceeded, otherPorts }: InstanceExit): string {
    if (exceeded !== undefined) {
      return `It ${exceeded} and was ended. Let it need less, or raise the limit of this Berth.${this.#lastOutput()}`;
    }
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const ports =
      otherPorts.length > 0 ? ` It listened on ${otherPorts.join(', ')}, not on 8080.` : '';
    return `It ended ${how}.${ports} Mend what its last lines say and redeploy.${this.#lastOutput()}`;
  }

  #explainSilence(running: RunningInstance): string {
    const others = running.otherPorts();
    const ports =
      others.length > 0 ? `It listens on ${others.join(', ')} instead.` : 'It listens on no port.';
    const seconds = Math.round(this.#deps.startupTimeoutMs / 1000);
    const check = this.#desired.application.healthCheck;
    const what =
      check === undefined
        ? 'listen on port 8080'
        : `listen on port 8080 and pass its health check ${check.path}`;
    return `It did not ${what} within ${seconds} s. ${ports} Make it listen on 8080, or on the PORT variable, and redeploy.${this.#lastOutput()}`;
  }

  #lastOutput(): string {
    const output = lastLines(this.#tail.text());
    return output === '' ? '\nIt printed nothing.' : `\nLast output:\n${output}`;
  }

  #become(state: InstanceRecord['state'], message: string | undefined): void {
    this.#state = state;
    this.#message = message;
    this.#deps.changed();
  }

  #say(text: string): void {
    const { release, application } = this.#desired;
    const origin = { deploymentId: release.deploymentId, applicationName: application.name };
    this.#deps.logs.say(origin, text);
    this.#deps.logger.warn(
      { ...origin, restarts: this.#restarts },
      'an instance ended and is started again',
    );
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
  }
}

/** @throws RuntimeFailure */
function requireThere(artifact: Artifact | undefined): Artifact {
  if (artifact === undefined) throw notThere();
  return artifact;
}

function notThere(): RuntimeFailure {
  return new RuntimeFailure('Its artifact is not on this machine any more.', {
    nextStep: 'It is being built again. Where that does not help, redeploy the Deployment.',
  });
}
