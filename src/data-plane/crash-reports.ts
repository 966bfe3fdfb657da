import type { Clock } from '../ports/clock.ts';
import type { Change, Store } from '../ports/store.ts';
import type { CrashLoop } from './instances/instance.ts';

interface CrashReportDependencies {
  readonly store: Pick<Store, 'deployments' | 'commit'>;
  readonly clock: Clock;
}

/**
 * Says in the report of a Deployment that one of its applications ends again and again, though the Deployment is `Deployed`.
 * One entry for each application, told anew when the number of restarts has doubled and when it is over.
 */
export class CrashReports {
  readonly #told = new Map<string, { readonly restarts: number; readonly isOver: boolean }>();
  readonly #deps: CrashReportDependencies;

  constructor(deps: CrashReportDependencies) {
    this.#deps = deps;
  }

  async tell(loops: readonly CrashLoop[]): Promise<void> {
    const present = new Set(loops.map(nameOf));
    for (const name of this.#told.keys()) if (!present.has(name)) this.#told.delete(name);
    for (const loop of loops.filter((one) => this.#isNews(one))) {
      const deployment = await this.#deps.store.deployments.byId(loop.deploymentId);
      if (deployment !== undefined)
        await this.#deps.store.commit([this.#entry(deployment.buildId, loop)]);
      this.#told.set(nameOf(loop), loop);
    }
  }

  #isNews(loop: CrashLoop): boolean {
    const told = this.#told.get(nameOf(loop));
    if (told === undefined) return true;
    return loop.restarts >= 2 * told.restarts || loop.isOver !== told.isOver;
  }

  #entry(reportId: string, { applicationName, restarts, reason, isOver }: CrashLoop): Change {
    const times = `It ended ${restarts} times, each time soon after its start`;
    return {
      kind: 'put-entries',
      reportId,
      step: `crashes/${applicationName}`,
      entries: [
        {
          type: 'Warning',
          title: 'Application ends again and again',
          message: isOver
            ? `${times}, and runs now. The last time: ${reason}`
            : `${times}, and is started again with growing pauses. ${reason}`,
          application: applicationName,
          createdAt: new Date(this.#deps.clock.now()).toISOString(),
        },
      ],
    };
  }
}

function nameOf({ releaseId, applicationName }: CrashLoop): string {
  return `${releaseId}/${applicationName}`;
}
