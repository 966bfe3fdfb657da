import type { Clock } from '../ports/clock.ts';
import type { Change, Store } from '../ports/store.ts';
import type { BridgeTrouble } from './bridge/open-puller.ts';

interface BridgeReportDependencies {
  readonly store: Pick<Store, 'deployments' | 'commit'>;
  readonly clock: Clock;
}

/** Says in the report of a Deployment that its events do not arrive, though it is `Deployed`: once, and once it is over. */
export class BridgeReports {
  readonly #told = new Map<string, boolean>();
  readonly #deps: BridgeReportDependencies;

  constructor(deps: BridgeReportDependencies) {
    this.#deps = deps;
  }

  async tell(troubles: readonly BridgeTrouble[]): Promise<void> {
    const present = new Set(troubles.map(({ topic }) => topic));
    for (const topic of this.#told.keys()) if (!present.has(topic)) this.#told.delete(topic);
    for (const trouble of troubles) {
      if (this.#told.get(trouble.topic) === trouble.isOver) continue;
      const deployment = await this.#deps.store.deployments.byId(trouble.deploymentId);
      if (deployment !== undefined)
        await this.#deps.store.commit([this.#entry(deployment.buildId, trouble)]);
      this.#told.set(trouble.topic, trouble.isOver);
    }
  }

  #entry(reportId: string, { applicationName, reason, isOver }: BridgeTrouble): Change {
    return {
      kind: 'put-entries',
      reportId,
      step: `pull/${applicationName}`,
      entries: [
        {
          type: 'Warning',
          title: 'Events do not arrive',
          message: isOver
            ? `They arrive again. What was published meanwhile comes now. The last time: ${reason}`
            : `It is tried again with growing pauses; Google keeps events for 7 days. ${reason}`,
          application: applicationName,
          createdAt: new Date(this.#deps.clock.now()).toISOString(),
        },
      ],
    };
  }
}
