import type { RawSettings } from './settings.ts';

/** An OpenTelemetry collector. */
export interface OtlpConfig {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Secrets, all of them. */
  readonly headers: Readonly<Record<string, string>>;
}

const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/i;
const headerValue = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;

/** Mistakes do not repeat the headers. */
export function parseOtlp(raw: RawSettings, mistakes: string[]): { otlp?: OtlpConfig } {
  const headers = parseHeaders(raw.otlpHeaders);
  if (headers === undefined) {
    mistakes.push(
      'BERTH_OTLP_HEADERS must be like name=value,name=value, with values percent-encoded where they hold a comma or no ASCII',
    );
  }
  if (raw.otlpEndpoint === '') {
    if (raw.otlpHeaders !== '')
      mistakes.push('BERTH_OTLP_ENDPOINT must be set with BERTH_OTLP_HEADERS');
    return {};
  }
  const url = URL.parse(raw.otlpEndpoint);
  if (url === null || !isPlain(url)) {
    mistakes.push(
      'BERTH_OTLP_ENDPOINT must be an http or https URL such as http://collector:4318, without user, query or fragment',
    );
    return {};
  }
  return { otlp: { endpoint: raw.otlpEndpoint.replace(/\/+$/, ''), headers: headers ?? {} } };
}

function isPlain({ protocol, username, password, search, hash }: URL): boolean {
  return (
    /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '')
  );
}

/** Undefined where it is not valid. */
function parseHeaders(text: string): Readonly<Record<string, string>> | undefined {
  if (text === '') return {};
  const headers: [string, string][] = [];
  for (const part of text.split(',')) {
    const [, name = '', printed = ''] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    const value = decode(printed);
    if (!headerName.test(name) || value === undefined || !headerValue.test(value)) return undefined;
    headers.push([name.toLowerCase(), value]);
  }
  return Object.fromEntries(headers);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that begins no code.
    return undefined;
  }
}
