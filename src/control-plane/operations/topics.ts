import { isTopic } from '../../core/application.ts';
import { describeFailure } from '../../core/failure.ts';
import type { Address } from '../../ports/runtime-reader.ts';
import type { OperationDependencies } from './dependencies.ts';
import type { OperationRun, StepScope } from './operation-run.ts';
import type { ReservedAddress } from './steps/reserve-addresses.ts';

/** Where others publish to, before anything pulls from there or a script registers it (contract §10, row 36). */
export async function ensureTopics(
  { bridge }: Pick<OperationDependencies, 'bridge'>,
  run: OperationRun,
  addresses: readonly ReservedAddress[],
): Promise<void> {
  const topics = addresses.filter(({ hostLabel }) => isTopic(hostLabel));
  if (bridge === undefined || topics.length === 0) return;
  for (const { application, hostLabel } of topics) {
    await run.step(
      `topic/${application}`,
      { failed: 'Topic in Google Pub/Sub could not be made', application },
      async (scope) => {
        await bridge.ensureTopic(hostLabel, scope.signal);
        scope.report(
          'Information',
          'Topic in Google Pub/Sub is there',
          `projects/${bridge.project}/topics/${hostLabel}`,
        );
      },
    );
  }
}

/** Berth's own, with its messages. What cannot be removed elsewhere now is told, and keeps nobody from going on. */
export async function removeTopic(
  { events, bridge, logger }: Pick<OperationDependencies, 'events' | 'bridge' | 'logger'>,
  { hostLabel, applicationName }: Pick<Address, 'hostLabel' | 'applicationName'>,
  scope: StepScope,
): Promise<void> {
  if (bridge !== undefined && isTopic(hostLabel)) {
    try {
      await bridge.removeTopic(hostLabel, scope.signal);
    } catch (error) {
      scope.signal.throwIfAborted();
      const left = `${describeFailure(error)}\nDelete it in the Google Cloud project ${bridge.project}: the topic and the subscription ${hostLabel}.`;
      scope.report('Warning', 'Topic in Google Pub/Sub is left', `"${applicationName}": ${left}`);
      logger.warn({ topic: hostLabel, project: bridge.project, reason: left }, 'a topic is left');
    }
  }
  await events.removeTopic(hostLabel);
}
