import {
  auditLogPageSchema,
  auditLogParameters,
  printAuditLogEntry,
} from '../../../wire/audit-log.ts';
import { printPage } from '../../../wire/page.ts';
import { inProject, noBody } from '../../../wire/parameters.ts';
import { answer, defineRoute } from '../route.ts';

/** It shows every kind of resource, so the view scopes of one kind are not enough. */
export const queryAuditLogRoute = defineRoute({
  name: 'queryAuditLog',
  summary: 'List who changed what in the project, newest first',
  method: 'GET',
  path: '/:projectKey/audit-log',
  scopes: ['manage_project', 'view_audit_log'],
  params: inProject,
  query: auditLogParameters,
  body: noBody,
  answers: { 200: auditLogPageSchema },
  async handle({ store }, { projectKey, query }) {
    const { total, results } = await store.auditLog.query(projectKey, query);
    return answer(200, printPage({ total, results: results.map(printAuditLogEntry) }, query));
  },
});
