import {
  logEventSchema,
  logStreamHeaders,
  logStreamQuerySchema,
  printLogEntry,
} from '../../../wire/deployment-log.ts';
import { noBody, oneInProject } from '../../../wire/parameters.ts';
import { defineEventStream, type Look } from '../event-stream.ts';
import { readDeployment } from '../read-or-reject.ts';
import { checkApplication, decideWindow } from './log-filter.ts';

/** Little, because it is held in memory while a slow client takes it, and an entry may be large. */
const entriesPerLook = 20;

/** Contract §5.6 knows it no more; it had this path. */
export const deploymentLogStreamRoute = defineEventStream({
  name: 'streamDeploymentLogs',
  summary: 'Follow the logs of a Deployment, in the order in which they arrive',
  path: '/:projectKey/deployments/:ref/logs/stream',
  scopes: ['manage_project', 'manage_connectors_deployments', 'view_connectors_deployments'],
  params: oneInProject,
  query: logStreamQuerySchema,
  body: noBody,
  headers: logStreamHeaders,
  events: logEventSchema,
  async open({ store, logs, clock }, { projectKey, params, query, headers }) {
    const { applicationName, severity, startDate } = query;
    const deployment = await readDeployment(store, projectKey, params.ref);
    checkApplication(deployment, applicationName);
    if (startDate !== undefined) decideWindow(clock.now(), { startDate });
    const wanted = {
      deploymentId: deployment.id,
      ...(applicationName === undefined ? {} : { applicationName }),
      ...(severity.length === 0 ? {} : { severities: severity }),
      ...(startDate === undefined ? {} : { from: startDate }),
      limit: entriesPerLook,
    };
    const begin = headers['last-event-id'] || (await logs.position(wanted));
    let after = begin;
    return {
      id: begin,
      watch: logs.watch,
      async look(): Promise<Look> {
        const isThere =
          (await store.deployments.get(projectKey, { id: deployment.id })) !== undefined;
        const { arrivals, next, isMore } = await logs.follow({ ...wanted, after });
        after = next;
        const events = arrivals.map(({ entry, position }) => ({
          event: 'log',
          id: position,
          data: printLogEntry(entry),
        }));
        if (isThere || isMore) return { events, id: next, isMore };
        return { events: [...events, deleted], isEnd: true };
      },
    };
  },
});

const deleted = { event: 'end', data: { reason: 'deleted' } } as const;
