import { expect, test } from 'vitest';
import {
  type DeploymentEvent,
  type DeploymentStatus,
  deploymentStatuses,
  nextStatus,
} from '../../src/core/deployment-status.ts';
import { Rejection } from '../../src/core/errors.ts';

const events: readonly DeploymentEvent[] = [
  'redeploy',
  'start',
  'succeed',
  'fail',
  'undeploy',
  'undeploy-fail',
];

/** Contract §2.2. An error that names a state is the client's, `bug` is Berth's own. */
const table: Record<DeploymentStatus, readonly string[]> = {
  Draft: ['Deploying', 'bug', 'bug', 'bug', 'Undeploying', 'bug'],
  Queued: ['queued', 'Deploying', 'queued', 'Failed', 'queued', 'queued'],
  Deploying: ['deploying', 'Deploying', 'Deployed', 'Failed', 'deploying', 'deploying'],
  Deployed: ['Deploying', 'bug', 'bug', 'bug', 'Undeploying', 'bug'],
  Failed: ['Deploying', 'bug', 'bug', 'bug', 'Undeploying', 'bug'],
  Undeploying: [
    'undeploying',
    'undeploying',
    'undeploying',
    'undeploying',
    'undeploying',
    'UndeployFailed',
  ],
  UndeployFailed: ['Deploying', 'bug', 'bug', 'bug', 'Undeploying', 'bug'],
};

const rows = deploymentStatuses.flatMap((from) =>
  events.map((event, position) => ({ from, event, to: table[from][position] })),
);

test.for(rows)('$event in status $from makes it $to', ({ from, event, to }) => {
  expect(outcomeOf(from, event)).toBe(to);
});

function outcomeOf(from: DeploymentStatus, event: DeploymentEvent): string {
  try {
    return nextStatus(from, event);
  } catch (error) {
    if (!(error instanceof Rejection)) return 'bug';
    expect(error.errors[0]).toMatchObject({
      code: 'DeploymentInvalidStatusTransition',
      status: 400,
    });
    return error.message.replace('Invalid status change: Already ', '');
  }
}
