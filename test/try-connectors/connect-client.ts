/** The Connect API as the try tool uses it: plain HTTP, no client library between it and what it tries. */
export interface ConnectClient {
  /** @throws where the status is none of those expected, naming the answer's body */
  call<T>(request: ApiRequest): Promise<T>;
  /** The status too, whatever it is. */
  ask(
    request: Omit<ApiRequest, 'expected'>,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly expected: readonly number[];
}

export interface ConnectorStaged {
  readonly id: string;
  readonly version: number;
  readonly isPreviewable: string;
  readonly previewableReport?: { readonly entries: readonly ReportEntry[] };
  readonly configurations: readonly ConnectorApplication[];
  readonly globalConfiguration?: Partial<KeyLists>;
}

export interface ConnectorApplication extends KeyLists {
  readonly applicationName: string;
  readonly applicationType: string;
}

export interface KeyLists {
  readonly standardConfiguration: readonly ConfigurationKey[];
  readonly securedConfiguration: readonly ConfigurationKey[];
}

export interface ConfigurationKey {
  readonly key: string;
  readonly required?: boolean;
  readonly default?: string;
}

export interface Deployment {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly details: {
    readonly build?: { readonly report?: { readonly entries: readonly ReportEntry[] } };
  };
  readonly applications: readonly ApplicationDeployment[];
}

export interface ApplicationDeployment {
  readonly applicationName: string;
  readonly url?: string;
  readonly topic?: string;
  readonly schedule?: string;
}

export interface ReportEntry {
  readonly type: string;
  readonly title: string;
  readonly message?: string | null;
  readonly application?: string | null;
}

export interface LogEntry {
  readonly type: string;
  readonly applicationName: string;
  readonly severity: string;
  readonly timestamp: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const requestTimeoutMs = 30_000;

export async function connectTo(
  apiUrl: string,
  credentials: { readonly id: string; readonly secret: string },
  signal: AbortSignal,
): Promise<ConnectClient> {
  const send = async (path: string, init: RequestInit) => {
    const response = await fetch(`${apiUrl}${path}`, {
      ...init,
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    });
    return { status: response.status, body: parseJson(await response.text()) };
  };
  const { status, body } = await send('/oauth/token', {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${credentials.id}:${credentials.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  if (status !== 200) throw new Error(`POST /oauth/token answered ${status}: ${shorten(body)}`);
  const { access_token } = body as { readonly access_token: string };

  const ask: ConnectClient['ask'] = ({ method, path, body }) =>
    send(path, {
      method,
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    ask,
    async call<T>({ expected, ...request }: ApiRequest): Promise<T> {
      const { status, body } = await ask(request);
      if (expected.includes(status)) return body as T;
      throw new Error(`${request.method} ${request.path} answered ${status}: ${shorten(body)}`);
    },
  };
}

export function reportOf(deployment: Deployment): readonly ReportEntry[] {
  return deployment.details.build?.report?.entries ?? [];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Shown to the person as it is, in the message of the failure.
    return text;
  }
}

function shorten(body: unknown): string {
  return (typeof body === 'string' ? body : JSON.stringify(body)).slice(0, 1000);
}
