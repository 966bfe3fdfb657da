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

/** As `settleDeployment`, while the API may be away for a moment. */
export function settleThroughRestarts(berth: Berth, id: string): Promise<Answer> {
  const away: Answer = { status: 0, headers: new Headers(), body: {} };
  return settle(
    () => berth.request('GET', `/${berth.projectKey}/deployments/${id}`).catch(() => away),
    ({ status, body }) =>
      status === 404 || ['Deployed', 'Failed', 'UndeployFailed'].includes(body.status),
  );
}

export function redeploy(
  berth: Berth,
  deployment: Answer,
  action: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  return berth.request('POST', `/${berth.projectKey}/deployments/${deployment.body.id}`, {
    version: deployment.body.version,
    actions: [{ action: 'redeploy', ...action }],
  });
}

/** Deletes it and waits until it is gone. Answers the last answer: 404 where all is well. */
export async function undeploy(berth: Berth, id: string): Promise<Answer> {
  const path = `/${berth.projectKey}/deployments/${id}`;
  const deleted = await berth.request('DELETE', path);
  if (deleted.status >= 400) return deleted;
  return settle(
    () => berth.request('GET', path),
    ({ status, body }) => status === 404 || body.status === 'UndeployFailed',
  );
}

/** The report's titles, each with its application. */
export function reportTitles(deployment: Answer): readonly string[] {
  return reportEntries(deployment).map(({ title, application }) =>
    application ? `${title} (${application})` : title,
  );
}

interface Entry {
  readonly type: string;
  readonly title: string;
  readonly message?: string | null;
  readonly application?: string | null;
}

export function reportEntries(deployment: Answer): readonly Entry[] {
  return deployment.body.details.build.report.entries;
}

interface LogLine {
  readonly type: string;
  readonly severity: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** All pages of a Deployment's log. */
export async function readLog(
  berth: Berth,
  id: string,
  applicationName?: string,
): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  let pageToken = '';
  do {
    const query = new URLSearchParams({
      ...(applicationName === undefined ? {} : { applicationName }),
      ...(pageToken === '' ? {} : { pageToken }),
    });
    const path = `/${berth.projectKey}/deployments/${id}/logs?${query}`;
    const { body } = await berth.request('GET', path);
    lines.push(...body.data);
    pageToken = body.next;
  } while (pageToken !== '');
  return lines;
}
