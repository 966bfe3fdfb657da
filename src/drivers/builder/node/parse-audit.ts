import {
  type Vulnerability,
  type VulnerabilitySeverity,
  vulnerabilitySeverities,
} from '../../../core/audit.ts';
import type { ManagerName } from './package-manager.ts';

/** What the JSON of an audit says. */
export type ParsedAudit =
  | {
      readonly vulnerabilities: readonly Vulnerability[];
      /** How many packages were asked about. */
      readonly packages?: number;
    }
  /** The tool's own words for why there is no answer, if it has any. */
  | { readonly error: string };

type Parse = (stdout: string) => ParsedAudit | undefined;

/** Exit codes tell vulnerabilities, network errors and mistakes not apart: what was printed does. Undefined: nothing known. */
export const parseAudit: { readonly [N in ManagerName]: Parse } = {
  npm: (stdout) => {
    const report = recordOf(parseJson(stdout));
    return parseError(report) ?? parseNpm(report);
  },
  pnpm: (stdout) => {
    const report = recordOf(parseJson(stdout));
    return parseError(report) ?? parseAdvisories(report);
  },
  'yarn-classic': parseYarnClassic,
  'yarn-berry': parseYarnBerry,
};

/** npm: `{"message", "statusCode"?}` or `{"error": {"summary", "detail"}}`; pnpm: `{"error": {"message"}}`. */
function parseError(report: JsonRecord): ParsedAudit | undefined {
  const error = recordOf(report['error']);
  const text = [report['message'], error['message'], error['summary']].map(textOf).find(Boolean);
  if (text === undefined) return report['error'] === undefined ? undefined : { error: '' };
  return { error: text };
}

/** The report that npm has made since its version 7: by package, each with its advisories in `via`. */
function parseNpm(report: JsonRecord): ParsedAudit | undefined {
  const { vulnerabilities, metadata } = report;
  if (!isRecord(vulnerabilities)) return undefined;
  const found = Object.entries(vulnerabilities).flatMap(([name, entry]) => {
    const { via, fixAvailable } = recordOf(entry);
    // A text is the name of another package, which has an entry of its own.
    return arrayOf(via)
      .filter(isRecord)
      .map((advisory) => ({
        ...describe(advisory, textOf(advisory['name']) ?? name, textOf(advisory['range'])),
        hasFix: fixAvailable !== false && fixAvailable !== undefined,
      }));
  });
  const total = recordOf(recordOf(metadata)['dependencies'])['total'];
  return { vulnerabilities: bounded(found), ...packagesOf(total) };
}

/** The report of npm 6, which pnpm, Yarn 1 and older Yarns have kept. */
function parseAdvisories(report: JsonRecord): ParsedAudit | undefined {
  const { advisories, metadata } = report;
  if (!isRecord(advisories)) return undefined;
  const found = Object.values(advisories).map((advisory) => describeAdvisory(recordOf(advisory)));
  return {
    vulnerabilities: bounded(found),
    ...packagesOf(recordOf(metadata)['totalDependencies']),
  };
}

/** One JSON object a line: each finding, and a summary at the end; without the summary there was no answer. */
function parseYarnClassic(stdout: string): ParsedAudit | undefined {
  const events = lines(stdout).map((line) => recordOf(parseJson(line)));
  const dataOf = (type: string) => events.filter((one) => one['type'] === type);
  const summary = dataOf('auditSummary')[0];
  if (summary === undefined) return undefined;
  // One advisory is printed for each path to the package.
  const byId = new Map<unknown, Vulnerability>();
  for (const { data } of dataOf('auditAdvisory')) {
    const { resolution, advisory } = recordOf(data);
    if (recordOf(resolution)['dev'] === true) continue;
    byId.set(recordOf(advisory)['id'], describeAdvisory(recordOf(advisory)));
  }
  const total = recordOf(summary['data'])['totalDependencies'];
  return { vulnerabilities: bounded([...byId.values()]), ...packagesOf(total) };
}

/** Yarn 2 and 3 print the registry's report; 4 prints a line for each finding, and nothing where there is none. */
function parseYarnBerry(stdout: string): ParsedAudit | undefined {
  const whole = recordOf(parseJson(stdout));
  if (isRecord(whole['advisories'])) return parseAdvisories(whole);
  const found: Vulnerability[] = [];
  for (const line of lines(stdout)) {
    const { value, children } = recordOf(parseJson(line));
    // People's text: an error of Yarn's own.
    if (typeof value !== 'string' || !isRecord(children)) return undefined;
    const range = textOf(children['Vulnerable Versions']);
    // Deprecations are told in the same list, with a text for an ID.
    if (typeof children['ID'] !== 'number') continue;
    const advisory = {
      severity: children['Severity'],
      title: children['Issue'],
      url: children['URL'],
    };
    found.push({ ...describe(advisory, value, range), hasFix: hasUpperBound(range) });
  }
  return { vulnerabilities: bounded(found) };
}

function describeAdvisory(advisory: JsonRecord): Vulnerability {
  const range = textOf(advisory['vulnerable_versions']);
  const patched = textOf(advisory['patched_versions']);
  return {
    ...describe(advisory, textOf(advisory['module_name']) ?? 'unknown', range),
    // `<0.0.0` is how registries say "none".
    hasFix: patched === undefined ? hasUpperBound(range) : patched.replaceAll(' ', '') !== '<0.0.0',
  };
}

function describe(
  { severity, title, url }: JsonRecord,
  name: string,
  range: string | undefined,
): Omit<Vulnerability, 'hasFix'> {
  const link = textOf(url);
  return {
    package: name,
    severity: severityOf(severity),
    title: textOf(title) ?? 'a vulnerability',
    ...(link === undefined ? {} : { url: link }),
    ...(range === undefined ? {} : { range }),
  };
}

/** A severity nobody knows is taken seriously. */
function severityOf(value: unknown): VulnerabilitySeverity {
  return vulnerabilitySeverities.find((known) => known === value) ?? 'high';
}

/** Where a range of bad versions ends, better ones follow. */
function hasUpperBound(range: string | undefined): boolean {
  const last = range?.split('||').at(-1)?.trim() ?? '';
  return /[<]|^=?v?\d|^[~^]|\s-\s/.test(last);
}

const limits = { vulnerabilities: 1000, textCharacters: 300 };

/** The worst ones, where there are too many. */
function bounded(found: readonly Vulnerability[]): readonly Vulnerability[] {
  const rank = ({ severity }: Vulnerability) => vulnerabilitySeverities.indexOf(severity);
  return found.toSorted((a, b) => rank(b) - rank(a)).slice(0, limits.vulnerabilities);
}

function packagesOf(total: unknown): { packages?: number } {
  return typeof total === 'number' && Number.isFinite(total) && total >= 0
    ? { packages: total }
    : {};
}

type JsonRecord = Readonly<Record<string, unknown>>;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller says what it means that there is none.
    return undefined;
  }
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** In one line and bounded: it comes from a registry and goes into a report. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.replace(/\s+/g, ' ').trim();
  if (text === '') return undefined;
  return text.length <= limits.textCharacters
    ? text
    : `${text.slice(0, limits.textCharacters).toWellFormed()}…`;
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function recordOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
