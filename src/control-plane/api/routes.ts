import { withIdempotencyKey } from '../../wire/idempotency-key.ts';
import { createApiClientRoute } from './api-clients/create.ts';
import {
  getApiClientRoute,
  queryApiClientsRoute,
  removeApiClientRoute,
} from './api-clients/read.ts';
import { queryAuditLogRoute } from './audit-log/query.ts';
import { createConnectorStagedRoute } from './connector-drafts/create.ts';
import { getConnectorStagedRoute } from './connector-drafts/get.ts';
import { queryConnectorStagedRoute } from './connector-drafts/query.ts';
import { removeConnectorStagedRoute } from './connector-drafts/remove.ts';
import { updateConnectorStagedRoute } from './connector-drafts/update.ts';
import { getConnectorRoute } from './connectors/get.ts';
import { searchConnectorsRoute } from './connectors/search.ts';
import { createDeploymentRoute } from './deployments/create.ts';
import { queryDeadLettersRoute } from './deployments/dead-letters.ts';
import { getDeploymentRoute } from './deployments/get.ts';
import { deploymentLogStreamRoute } from './deployments/log-stream.ts';
import { deploymentLogsRoute } from './deployments/logs.ts';
import { planDeploymentRoute } from './deployments/plan.ts';
import { queryDeploymentsRoute } from './deployments/query.ts';
import { removeDeploymentRoute } from './deployments/remove.ts';
import { getRevisionRoute } from './deployments/revisions/get.ts';
import { queryRevisionsRoute } from './deployments/revisions/query.ts';
import { rollBackRoute, rollBackToRevisionRoute } from './deployments/roll-back.ts';
import { runJobRoute } from './deployments/run-job.ts';
import { getJobRunRoute } from './deployments/runs/get.ts';
import { jobRunLogsRoute } from './deployments/runs/logs.ts';
import { queryJobRunsRoute } from './deployments/runs/query.ts';
import { updateDeploymentRoute } from './deployments/update.ts';
import { cancelDeploymentRoute, cancelOperationRoute } from './operations/cancel.ts';
import { operationEventsRoute } from './operations/events.ts';
import { getOperationRoute } from './operations/get.ts';
import { queryDeploymentOperationsRoute, queryOperationsRoute } from './operations/query.ts';
import type { Route } from './route.ts';

const table: readonly Route[] = [
  createDeploymentRoute,
  queryDeploymentsRoute,
  getDeploymentRoute,
  updateDeploymentRoute,
  planDeploymentRoute,
  removeDeploymentRoute,
  deploymentLogsRoute,
  deploymentLogStreamRoute,
  queryDeadLettersRoute,
  queryRevisionsRoute,
  getRevisionRoute,
  rollBackToRevisionRoute,
  rollBackRoute,
  runJobRoute,
  queryJobRunsRoute,
  getJobRunRoute,
  jobRunLogsRoute,
  queryDeploymentOperationsRoute,
  cancelDeploymentRoute,
  queryOperationsRoute,
  getOperationRoute,
  operationEventsRoute,
  cancelOperationRoute,
  createConnectorStagedRoute,
  queryConnectorStagedRoute,
  getConnectorStagedRoute,
  updateConnectorStagedRoute,
  removeConnectorStagedRoute,
  searchConnectorsRoute,
  getConnectorRoute,
  createApiClientRoute,
  queryApiClientsRoute,
  getApiClientRoute,
  removeApiClientRoute,
  queryAuditLogRoute,
];

/**
 * The API: a row per endpoint. Authorization, parsing and documentation read it. Whatever is posted to
 * change something may be sent again with an `Idempotency-Key`.
 */
export const routes: readonly Route[] = table.map((route) =>
  route.method === 'POST' && route.readsOnly !== true
    ? { ...route, headers: withIdempotencyKey(route.headers) }
    : route,
);
