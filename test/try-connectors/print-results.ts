import type { ApplicationResult, ConnectorResult } from './result.ts';

const columns = [
  'connector',
  'application',
  'type',
  'build',
  'status',
  'postDeploy',
  'probes',
  'seconds',
];

/** A row for each application, then what went wrong. */
export function printResults(results: readonly ConnectorResult[]): string {
  const rows = results.flatMap(rowsOf);
  const widths = columns.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width));
  return [line(columns), line(rule), ...rows.map(line), ...results.flatMap(printProblems)].join(
    '\n',
  );
}

function rowsOf(result: ConnectorResult): readonly (readonly string[])[] {
  const { connector, status } = result;
  const seconds = Object.entries(result.seconds)
    .map(([step, value]) => `${step} ${value.toFixed(1)}`)
    .join(', ');
  if (result.applications.length === 0)
    return [[connector, '-', '-', '-', status, '-', '-', seconds]];
  return result.applications.map((application, index) => [
    index === 0 ? connector : '',
    application.name,
    application.type,
    application.build,
    status,
    application.postDeploy,
    countProbes(application),
    index === 0 ? seconds : '',
  ]);
}

function countProbes({ probes }: ApplicationResult): string {
  if (probes.length === 0) return '-';
  const passed = probes.filter(({ problem }) => problem === undefined).length;
  return `${passed}/${probes.length}`;
}

function printProblems(result: ConnectorResult): readonly string[] {
  if (result.ok) return [];
  const ofApplications = result.applications.flatMap(({ name, probes }) =>
    probes.map((finding) => ({ ...finding, what: `${name}: ${finding.what}` })),
  );
  const problems = [...ofApplications, ...result.findings].flatMap(({ what, problem }) =>
    problem === undefined ? [] : [`  ✗ ${what}: ${problem}`],
  );
  const report = result.report.map(
    ({ type, title, application, message }) =>
      `    ${type}${application ? ` (${application})` : ''}: ${title}${message ? `\n${indent(message)}` : ''}`,
  );
  return [
    '',
    `${result.connector} failed`,
    ...(result.error === undefined ? [] : [`  ✗ ${result.error}`]),
    ...problems,
    ...section('report', report),
    ...section(
      'last lines of the log',
      result.logs.map((log) => `    ${log}`),
    ),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`  ${title}:`, ...lines];
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '      ');
}
