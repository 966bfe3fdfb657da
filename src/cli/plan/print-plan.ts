import type { FieldChange } from '../../core/changed-fields.ts';
import type { PlannedApplication, PlannedChanges } from '../../core/redeploy-plan.ts';
import { printTable } from '../print-table.ts';

/** As the API answers it. */
export interface Plan {
  readonly deployment: { readonly id: string; readonly key?: string };
  readonly version: number;
  readonly connector: { readonly before: PlanConnector; readonly after: PlanConnector };
  readonly changes: PlannedChanges;
  readonly applications: readonly (Omit<PlannedApplication, 'name' | 'type'> & {
    readonly applicationName: string;
    readonly applicationType: string;
  })[];
}

interface PlanConnector {
  readonly version: number;
  readonly tag: string;
  readonly commit: string;
}

export function printPlan({ deployment, version, connector, changes, applications }: Plan): string {
  const name =
    deployment.key === undefined ? deployment.id : `${deployment.id} (${deployment.key})`;
  const [before, after] = [printConnector(connector.before), printConnector(connector.after)];
  return [
    `A redeploy of ${name}, version ${version}, would do this. Nothing has been done.\n`,
    `\nConnector: ${before === after ? `${before}, as it is` : `${before} → ${after}`}\n`,
    printChanges('Configuration', changes.configuration),
    printChanges('connect.yaml', changes.specification),
    `\n${printTable(columns, applications.map(printRow))}`,
  ].join('');
}

const columns = ['APPLICATION', 'TYPE', 'BUILD', 'INSTANCES', 'SCRIPTS', 'WHY'] as const;

function printRow(application: Plan['applications'][number]): readonly string[] {
  const { applicationName, applicationType, change, build, instances, scripts } = application;
  const why = [
    ...(change === 'removed' ? ['The connector no longer has it.'] : []),
    ...(change === 'kept' && build?.reasons.length === 0 ? ['Nothing in it has changed.'] : []),
    ...(build?.reasons ?? []),
  ];
  return [
    applicationName,
    applicationType,
    build?.outcome ?? '-',
    instances,
    scripts.length === 0 ? '-' : scripts.join(', '),
    why.join(' '),
  ];
}

function printConnector({ version, tag, commit }: PlanConnector): string {
  return `version ${version}, ${tag} (${commit.slice(0, 12)})`;
}

function printChanges(title: string, changes: readonly FieldChange[]): string {
  if (changes.length === 0) return `${title}: no changes\n`;
  const rows = changes.map(({ field, before, after }) => [
    `  ${field}`,
    printValue(before),
    printValue(after),
  ]);
  return `\n${printTable([title.toUpperCase(), 'NOW', 'THEN'], rows)}`;
}

const maxCharacters = 60;

function printValue(value: unknown): string {
  if (value === undefined) return '-';
  const text = JSON.stringify(value);
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}
