import type { ApplicationSpec } from '../../../core/connector-spec.ts';
import type { Artifact, BuiltArtifact } from '../../../ports/builder.ts';
import type { PinnedRepository } from '../../../ports/source.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';
import { createOutputLog, type OutputLog } from '../output-log.ts';
import type { EarlierBuild } from './find-earlier-builds.ts';

export interface BuildTask {
  readonly repository: PinnedRepository;
  readonly application: ApplicationSpec;
  readonly environment: Readonly<Record<string, string>>;
  /** Whose logs the output goes to; absent while no Deployment exists yet. */
  readonly deploymentId?: string;
  /** Taken instead, whatever tools a build would use today. */
  readonly earlier?: EarlierBuild;
}

/** Builds one application and says what came of it. @returns the artifact's key */
export async function buildApplication(
  deps: Pick<OperationDependencies, 'builder' | 'clock' | 'logs'>,
  task: BuildTask,
  scope: StepScope,
): Promise<string> {
  const { clock } = deps;
  if (task.earlier !== undefined) return takeEarlier(task.earlier, scope);
  const startedAt = clock.now();
  const { artifact, reused, notes } = await build(deps, task, scope);
  const seconds = ((clock.now() - startedAt) / 1000).toFixed(1);
  const how = toolsOf(artifact);
  scope.report(
    'Information',
    reused ? 'Application build taken from an earlier one' : 'Application built',
    reused ? `Nothing that goes into it has changed (${how}).` : `In ${seconds} s with ${how}.`,
  );
  for (const note of notes) scope.report('Warning', 'Application build note', note);
  return artifact.key;
}

function takeEarlier({ artifact, revision }: EarlierBuild, scope: StepScope): string {
  scope.report(
    'Information',
    'Application build taken from an earlier one',
    `It is that of revision ${revision} (${toolsOf(artifact)}).`,
  );
  return artifact.key;
}

function toolsOf({ node, packageManager }: Artifact): string {
  return `Node ${node.version}, ${packageManager}`;
}

/** What it printed is kept also where it fails. */
async function build(
  deps: Pick<OperationDependencies, 'builder' | 'clock' | 'logs'>,
  task: BuildTask,
  { signal, say }: StepScope,
): Promise<BuiltArtifact> {
  const output = openOutput(deps, task);
  const { repository, application, environment } = task;
  try {
    return await deps.builder.build(
      { repository, application: application.name, type: application.type, environment },
      {
        signal,
        onOutput: output.line,
        onWait: () =>
          say('Waiting for other builds', 'As many as BERTH_BUILDS allows are under way.'),
      },
    );
  } finally {
    await output.flush();
  }
}

/** While no Deployment exists there is nobody whose logs it could go to. */
function openOutput(
  deps: Pick<OperationDependencies, 'clock' | 'logs'>,
  { deploymentId, application }: BuildTask,
): OutputLog {
  if (deploymentId === undefined) return { line: () => {}, flush: async () => {} };
  const of = { deploymentId, applicationName: application.name, source: 'build' } as const;
  return createOutputLog(deps, of, (message) => ({
    type: 'APPLICATION_TEXT',
    severity: 'DEBUG',
    details: { message },
  }));
}
