import { Command } from 'commander';
import { openOperatorStore } from '../compose/open-operator-store.ts';
import { parseConfig } from '../config/parse-config.ts';
import { readEnv } from '../config/read-env.ts';
import type { NumberedEntry } from '../core/audit-log.ts';
import { Failure } from '../core/failure.ts';
import type { AuditLogFilter, Page } from '../ports/store.ts';
import { printEntries } from './audit/print-entries.ts';

interface AuditOptions {
  readonly project?: string;
  readonly resource?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: string;
  readonly json?: true;
}

export function auditCommand(): Command {
  return new Command('audit')
    .showHelpAfterError('(--help shows what there is)')
    .description(
      'show who changed what, newest first, from the records in BERTH_DATA_DIR. The server may run meanwhile',
    )
    .option('--project <key>', 'of this project; all of them unless given')
    .option('--resource <id>', 'of the resource with this id')
    .option('--actor <id>', 'by this API client, subject of an outside token, or "operator"')
    .option('--action <name>', 'such as createDeployment')
    .option('--from <date>', 'since then (ISO 8601)')
    .option('--to <date>', 'until then (ISO 8601)')
    .option('--limit <number>', `at most so many: 1 to ${maxEntries}`, '50')
    .option('--json', 'one JSON object per line, with everything before and after')
    .action((options: AuditOptions) => audit(options));
}

const maxEntries = 10_000;

async function audit(options: AuditOptions): Promise<void> {
  const filter = parseFilter(options);
  const limit = parseLimit(options.limit);
  const config = parseConfig(readEnv());
  const page = await readPage(config, options.project, { ...filter, limit, offset: 0 });
  // Whoever reads only the first lines has seen enough.
  process.stdout.on('error', () => {});
  process.stdout.write(options.json ? printLines(page) : printEntries(page.results));
  const left = page.total - page.results.length;
  if (left > 0) {
    process.stderr.write(
      `${left} older ${left === 1 ? 'entry is' : 'entries are'} not shown: see --limit and --to\n`,
    );
  }
}

async function readPage(
  config: ReturnType<typeof parseConfig>,
  projectKey: string | undefined,
  page: AuditLogFilter & { readonly limit: number; readonly offset: number },
): Promise<Page<NumberedEntry>> {
  await using opened = await openOperatorStore(config, 'audit');
  const { auditLog } = opened.store;
  return await (projectKey === undefined
    ? auditLog.queryAnywhere(page)
    : auditLog.query(projectKey, page));
}

function printLines({ results }: Page<NumberedEntry>): string {
  return results
    .map((entry) => `${JSON.stringify({ ...entry, at: new Date(entry.at).toISOString() })}\n`)
    .join('');
}

function parseFilter({ resource, actor, action, from, to }: AuditOptions): AuditLogFilter {
  return {
    ...(resource === undefined ? {} : { resourceId: resource }),
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(from === undefined ? {} : { from: parseTime('--from', from) }),
    ...(to === undefined ? {} : { to: parseTime('--to', to) }),
  };
}

function parseTime(option: string, text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw new Failure(`${option} must be a date, not "${text}".`, {
      nextStep: 'For example: 2026-11-25, or 2026-11-25T09:30:00Z',
    });
  }
  return time;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > maxEntries)
    throw new Failure(`--limit must be a whole number from 1 to ${maxEntries}, not "${text}".`);
  return limit;
}
