import { isMerchantCenter } from '../../../core/application.ts';
import type { StoredConfiguration } from '../../../core/configuration.ts';
import type { ApplicationSpec, ConnectorSpec } from '../../../core/connector-spec.ts';
import { composeConfiguration } from '../../../core/environment.ts';
import type { PinnedRepository } from '../../../ports/source.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';

export interface BuildTask {
  readonly repository: PinnedRepository;
  readonly application: ApplicationSpec;
  readonly environment: Readonly<Record<string, string>>;
  /** Whose logs the output goes to; absent while no Deployment exists yet. */
  readonly deploymentId?: string;
}

/** Builds one application and says what came of it. @returns the artifact's key */
export async function buildApplication(
  { builder, clock, logs }: Pick<OperationDependencies, 'builder' | 'clock' | 'logs'>,
  task: BuildTask,
  scope: StepScope,
): Promise<string> {
  const startedAt = clock.now();
  const output = createOutput(task, { clock, logs });
  const { artifact, reused, notes } = await builder.build(
    {
      repository: task.repository,
      application: task.application.name,
      type: task.application.type,
      environment: task.environment,
    },
    { signal: scope.signal, onOutput: output.line },
  );
  await output.flush();
  const seconds = ((clock.now() - startedAt) / 1000).toFixed(1);
  const how = `Node ${artifact.node.version}, ${artifact.packageManager}`;
  scope.report(
    'Information',
    reused ? 'Application build taken from an earlier one' : 'Application built',
    reused ? `Nothing that goes into it has changed (${how}).` : `In ${seconds} s with ${how}.`,
  );
  for (const note of notes) scope.report('Warning', 'Application build note', note);
  return artifact.key;
}

/** Build output belongs to the Deployment's logs, in the order in which it came. */
function createOutput(
  task: BuildTask,
  { clock, logs }: Pick<OperationDependencies, 'clock' | 'logs'>,
) {
  const { deploymentId } = task;
  if (deploymentId === undefined) return { line: () => {}, flush: async () => {} };
  const entries: Parameters<typeof logs.append>[0][number][] = [];
  return {
    line(message: string) {
      if (entries.length >= maxOutputLines) return;
      entries.push({
        type: 'APPLICATION_TEXT',
        deploymentId,
        applicationName: task.application.name,
        severity: 'DEBUG',
        timestamp: clock.now(),
        details: { message, source: 'build' },
      });
    },
    flush: () => logs.append(entries),
  };
}

const maxOutputLines = 10_000;

/** What a Merchant Center bundle compiles in (contract §5.4): plain values only, for the bundle is public. */
export function buildEnvironment(
  spec: ConnectorSpec,
  application: ApplicationSpec,
  values: {
    readonly own: StoredConfiguration;
    readonly global: StoredConfiguration;
    readonly url: string;
  },
): Record<string, string> {
  if (!isMerchantCenter(application.type)) return {};
  const { plain } = composeConfiguration([
    { keys: spec.globalConfiguration, configuration: values.global },
    { keys: application.configuration, configuration: values.own },
  ]);
  return {
    ...Object.fromEntries(plain.map(({ key, value }) => [key, value])),
    APPLICATION_URL: values.url,
  };
}
