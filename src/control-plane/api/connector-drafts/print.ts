import type { ConnectorStaged } from '../../../core/connector.ts';
import type { Store } from '../../../ports/store.ts';
import { printConnectorStaged } from '../../../wire/connector-staged.ts';

export async function printStaged(store: Store, records: readonly ConnectorStaged[]) {
  const ids = records.flatMap((one) =>
    [one.previewReportId ?? [], one.publishingReportId ?? []].flat(),
  );
  const byReport = Map.groupBy(await store.reports.entries(ids), ({ reportId }) => reportId);
  const entriesOf = (id: string | undefined) => (id === undefined ? [] : (byReport.get(id) ?? []));
  return records.map((one) =>
    printConnectorStaged(one, {
      preview: entriesOf(one.previewReportId),
      publishing: entriesOf(one.publishingReportId),
    }),
  );
}

export async function printOneStaged(store: Store, record: ConnectorStaged) {
  const [printed] = await printStaged(store, [record]);
  if (printed === undefined) throw new Error('Nothing was printed');
  return printed;
}
