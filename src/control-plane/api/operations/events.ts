import { oneOperation } from '../../../wire/operation.ts';
import {
  operationEventSchema,
  operationStreamHeaders,
  printEnd,
  printProgress,
} from '../../../wire/operation-event.ts';
import { noBody, nothing } from '../../../wire/parameters.ts';
import { defineEventStream, type Look } from '../event-stream.ts';
import { readOperation, viewOperations } from './access.ts';

export const operationEventsRoute = defineEventStream({
  name: 'streamOperation',
  summary: 'Follow an operation, step by step, to its end',
  path: '/:projectKey/operations/:id/events',
  scopes: viewOperations,
  params: oneOperation,
  query: nothing,
  body: noBody,
  headers: operationStreamHeaders,
  events: operationEventSchema,
  async open({ store }, { identity, params, headers }) {
    const { id, input } = await readOperation(store, identity, params, 'view');
    let after = headers['last-event-id'];
    return {
      watch: (hint) => store.watch(hint),
      async look(): Promise<Look> {
        const progress = await store.operationRecords.progress(params.projectKey, id);
        if (progress === undefined) return { events: [printEnd('deleted')], isEnd: true };
        const entries = await store.reports.entries([input.reportId]);
        const printed = printProgress(progress, entries, after);
        after = printed.after;
        if (progress.operation.finishedAt === undefined) return { events: printed.events };
        return { events: [...printed.events, printEnd('finished', after)], isEnd: true };
      },
    };
  },
});
