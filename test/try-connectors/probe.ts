import type { ApplicationDeployment, ConnectClient, LogEntry } from './connect-client.ts';
import type { HttpProbe, Probe } from './expectations.ts';
import { readLogs } from './logs.ts';
import { waitUntil } from './wait-until.ts';

/** One thing that was looked at: `problem` says what differs from what was expected. */
export interface Finding {
  readonly what: string;
  readonly problem?: string;
}

export interface ProbeContext {
  readonly client: ConnectClient;
  readonly projectKey: string;
  readonly deploymentId: string;
  readonly application: ApplicationDeployment;
  readonly signal: AbortSignal;
}

const answerTimeoutMs = 15_000;
const restartTimeoutMs = 60_000;
const deliveryTimeoutMs = 60_000;

export async function runProbe(probe: Probe, context: ProbeContext): Promise<Finding> {
  const what = nameOf(probe);
  try {
    const problem = await probes[probe.kind](probe as never, context);
    return problem === undefined ? { what } : { what, problem };
  } catch (error) {
    return { what, problem: error instanceof Error ? error.message : String(error) };
  }
}

type Run<K extends Probe['kind']> = (
  probe: Extract<Probe, { kind: K }>,
  context: ProbeContext,
) => Promise<string | undefined>;

const probes: { readonly [K in Probe['kind']]: Run<K> } = {
  http: requestOnce,

  async crash({ request, afterwards }, context) {
    const killer = await send(request, context).catch((error: unknown) => ({
      status: String(error),
    }));
    if (typeof killer.status === 'number' && killer.status < 500) {
      return `the request was to kill the application, which answered ${killer.status}`;
    }
    let problem: string | undefined = 'not asked yet';
    await waitUntil('it is back', { ...context, timeoutMs: restartTimeoutMs }, async () => {
      problem = await requestOnce(afterwards, context).catch(String);
      return problem === undefined || undefined;
    }).catch((error: Error) => {
      problem = `${error.message}: ${problem}`;
    });
    return problem;
  },

  async answer(_, context) {
    const url = new URL(context.application.url ?? 'http://the-application-has-no-url.invalid');
    const { status } = await send({ method: 'GET', path: url.pathname }, context);
    return [502, 503, 504].includes(status) ? `nothing answers: ${status}` : undefined;
  },

  async message({ data, status }, context) {
    const { application, client, projectKey } = context;
    if (application.topic === undefined) return 'the application has no topic';
    const before = (await requestsLogged(context)).length;
    await client.call({
      method: 'POST',
      path: `/v1/${topicPath(application.topic, projectKey)}:publish`,
      body: {
        messages: [data === undefined ? { attributes: { probe: 'true' } } : { data: encode(data) }],
      },
      expected: [200],
    });
    return expectLoggedStatus('the message is delivered', { before, status }, context);
  },

  async run({ status }, context) {
    if (context.application.schedule === undefined) return 'the application has no schedule';
    const before = (await requestsLogged(context)).length;
    return expectLoggedStatus('the job runs', { before, status }, context);
  },
};

async function requestOnce(probe: HttpProbe, context: ProbeContext): Promise<string | undefined> {
  const { status, headers, text } = await send(probe.request, context);
  if (status !== probe.status)
    return `expected ${probe.status}, got ${status}: ${text.slice(0, 300)}`;
  if (probe.text !== undefined && !probe.text.test(text)) {
    return `expected ${probe.text} in ${text.slice(0, 300)}`;
  }
  const wrong = Object.entries(probe.headers ?? {}).find(
    ([name, pattern]) => !pattern.test(headers.get(name) ?? ''),
  );
  return wrong && `expected ${wrong[0]}: ${wrong[1]}, got ${headers.get(wrong[0])}`;
}

async function send({ method, path, body }: HttpProbe['request'], context: ProbeContext) {
  const { application, signal } = context;
  if (application.url === undefined) throw new Error('the application has no URL');
  const response = await fetch(new URL(path, application.url), {
    method,
    redirect: 'manual',
    headers: { origin: 'https://shop.example.com', 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Deliveries and runs have no public URL: their outcome is in the log. */
async function expectLoggedStatus(
  awaited: string,
  { before, status }: { readonly before: number; readonly status: readonly number[] },
  context: ProbeContext,
): Promise<string | undefined> {
  const request = await waitUntil(awaited, { ...context, timeoutMs: deliveryTimeoutMs }, async () =>
    (await requestsLogged(context)).at(before),
  );
  const got = Number(request.details['status']);
  return status.includes(got) ? undefined : `expected ${status.join(' or ')}, got ${got}`;
}

async function requestsLogged(context: ProbeContext): Promise<readonly LogEntry[]> {
  return (await readLogs(context)).filter(({ type }) => type === 'HTTP_REQUEST');
}

function topicPath(topic: string, projectKey: string): string {
  return topic.startsWith('projects/') ? topic : `projects/${projectKey}/topics/${topic}`;
}

function encode(data: unknown): string {
  return Buffer.from(JSON.stringify(data)).toString('base64');
}

function nameOf(probe: Probe): string {
  switch (probe.kind) {
    case 'http':
      return `${probe.request.method} ${probe.request.path} → ${probe.status}`;
    case 'crash':
      return `crash by ${probe.request.method} ${probe.request.path}, then back`;
    case 'message':
      return `message ${probe.name} → ${probe.status.join('/')}`;
    case 'answer':
      return 'answers at its URL';
    case 'run':
      return `job run → ${probe.status.join('/')}`;
    default:
      return probe satisfies never;
  }
}
