import type { ConnectClient, LogEntry } from './connect-client.ts';

export interface LogSource {
  readonly client: ConnectClient;
  readonly projectKey: string;
  readonly deploymentId: string;
  readonly application: { readonly applicationName: string };
}

const maxPages = 50;
const shownLines = 20;

/** Everything that one application of a deployment logged, oldest first. */
export async function readLogs(source: LogSource): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = [];
  let pageToken: string | null = '';
  for (let page = 0; page < maxPages; page += 1) {
    const answer: LogPage = await readPage(source, pageToken);
    entries.push(...answer.data);
    pageToken = answer.next;
    if (!pageToken) break;
  }
  return entries;
}

/** The end of it for people; empty where there is none to be had. */
export async function lastLogLines(source: LogSource): Promise<readonly string[]> {
  const entries = await readLogs(source).catch(() => []);
  return entries.slice(-shownLines).map(({ applicationName, severity, details }) => {
    const message = details['message'] ?? JSON.stringify(details);
    return `${applicationName} ${severity} ${String(message)}`.slice(0, 2000);
  });
}

interface LogPage {
  readonly data: readonly LogEntry[];
  readonly next: string | null;
}

function readPage(
  { client, projectKey, deploymentId, application }: LogSource,
  pageToken: string,
): Promise<LogPage> {
  const query = new URLSearchParams({
    applicationName: application.applicationName,
    ...(pageToken !== '' && { pageToken }),
  });
  return client.call({
    method: 'GET',
    path: `/${projectKey}/deployments/${deploymentId}/logs?${query}`,
    expected: [200],
  });
}
