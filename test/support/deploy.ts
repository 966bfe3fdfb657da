import type { Answer, Berth } from './berth.ts';

const pollMs = 50;

/** Reads until `isSettled`, at most `timeoutMs`. */
export async function settle(
  read: () => Promise<Answer>,
  isSettled: (answer: Answer) => boolean,
  timeoutMs = 90_000,
): Promise<Answer> {
  const deadline = Date.now() + timeoutMs;
  while (true) {
    const answer = await read();
    if (isSettled(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(`Not settled in time:\n${JSON.stringify(answer.body, undefined, 2)}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** A ConnectorStaged that says `isPreviewable` "true" (or "false": look at the report). */
export async function previewConnector(
  berth: Berth,
  repository: { readonly url: string; readonly tag: string },
  fields: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const created = await berth.request('POST', '/connectors/drafts', {
    name: 'A connector',
    creator: { email: 'somebody@example.com' },
    repository,
    ...fields,
  });
  if (created.status !== 201) return created;
  const path = `/connectors/drafts/${created.body.id}`;
  await berth.request('POST', path, {
    version: created.body.version,
    actions: [{ action: 'updatePreviewable' }],
  });
  return settle(
    () => berth.request('GET', path),
    ({ body }) => body.isPreviewable !== 'pending',
  );
}

/** What a create request needs, for every application of the connector. */
export function draftOf(connector: Answer, fields: Readonly<Record<string, unknown>> = {}) {
  return {
    connector: { id: connector.body.id, staged: true },
    region: 'europe-west1.gcp',
    configurations: connector.body.configurations.map((one: { applicationName: string }) => ({
      applicationName: one.applicationName,
      standardConfiguration: [],
      securedConfiguration: [],
    })),
    ...fields,
  };
}

export async function deploy(berth: Berth, draft: unknown): Promise<Answer> {
  const created = await berth.request('POST', `/${berth.projectKey}/deployments`, draft);
  return created.status === 201 ? settleDeployment(berth, created.body.id) : created;
}

/** Waits for a final status; a deleted one answers 404. */
export function settleDeployment(berth: Berth, id: string, timeoutMs?: number): Promise<Answer> {
  return settle(
    () => berth.request('GET', `/${berth.projectKey}/deployments/${id}`),
    ({ status, body }) =>
      status === 404 || ['Deployed', 'Failed', 'UndeployFailed'].includes(body.status),
    timeoutMs,
  );
}
