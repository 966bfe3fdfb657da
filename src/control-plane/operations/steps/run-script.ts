import type { Deployment } from '../../../core/deployment.ts';
import { configuredEnvironment } from '../../../core/environment.ts';
import { classifyLine } from '../../../core/log-line.ts';
import { createRedactor, type NamedSecret } from '../../../core/redaction.ts';
import type { Release, ReleaseApplication, ReleaseEnvironment } from '../../../core/release.ts';
import { secretContext } from '../../../core/secret-context.ts';
import type { CommandResult } from '../../../ports/runtime.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';
import { createOutputLog } from '../output-log.ts';

export type ScriptName = 'postDeploy' | 'preUndeploy';

type Dependencies = Pick<
  OperationDependencies,
  | 'store'
  | 'builder'
  | 'runtime'
  | 'secrets'
  | 'logs'
  | 'clock'
  | 'scriptTimeoutMs'
  | 'platform'
  | 'bridge'
>;

/**
 * Runs a script in a writable copy of the built application (contract §6). Its failure is a Warning with its last
 * lines, never the Deployment's: scripts are the connector's business, and the application runs.
 */
export async function runScript(
  deps: Dependencies,
  task: {
    readonly script: ScriptName;
    readonly command: string;
    readonly deployment: Deployment;
    readonly release: Release;
    readonly application: ReleaseApplication;
  },
  scope: StepScope,
): Promise<void> {
  const { script, deployment, application } = task;
  await using workspace = await deps.builder.openWorkspace(application.artifactKey);
  const of = { deploymentId: deployment.id, applicationName: application.name, source: script };
  const configured = configuredEnvironment(deployment, application.name, deps.platform);
  const secrets = await openSecrets(deps, deployment.id, configured);
  const redactor = createRedactor(secrets);
  const output = createOutputLog(deps, of, classifyLine, redactor);
  const environment = Object.fromEntries(
    [...configured.plain, ...secrets].map(({ key, value }) => [key, value] as const),
  );
  const result = await deps.runtime.runOnce(
    {
      directory: workspace.directory,
      root: workspace.root,
      ...(workspace.overlay === undefined ? {} : { overlay: workspace.overlay }),
      command: task.command,
      path: workspace.path,
      environment: {
        ...workspace.environment,
        ...environment,
        ...connectVariables(deployment, application, deps.bridge?.project),
      },
      ...(deps.platform === undefined ? {} : { platformRedirect: deps.platform }),
    },
    {
      signal: scope.signal,
      timeoutMs: deps.scriptTimeoutMs,
      onOutput: (_, line) => output.line(line),
      redact: redactor.text,
    },
  );
  await output.flush();
  scope.signal.throwIfAborted();
  reportScript(scope, script, task.command, result);
}

function reportScript(
  scope: StepScope,
  script: ScriptName,
  command: string,
  result: CommandResult,
): void {
  const seconds = (result.durationMs / 1000).toFixed(1);
  if (result.outcome === 'success') {
    scope.report(
      'Information',
      `Script for "${script}" succeeded`,
      `\`${command}\` in ${seconds} s.`,
    );
    return;
  }
  const how =
    result.outcome === 'timed-out'
      ? `was stopped after ${seconds} s, the time limit (BERTH_SCRIPT_TIMEOUT_SECONDS)`
      : result.exceeded !== undefined
        ? `${result.exceeded} and was ended after ${seconds} s`
        : `ended with ${result.signal ?? `exit code ${result.exitCode}`} after ${seconds} s`;
  const output = result.tail === '' ? 'It printed nothing.' : `Last output:\n${result.tail}`;
  scope.report(
    'Warning',
    `Failed during the execution of '${script}' script`,
    `\`${command}\` ${how}. Mend what it says and redeploy; the logs have all of its output.\n${output}`,
  );
}

async function openSecrets(
  { store, secrets }: Pick<Dependencies, 'store' | 'secrets'>,
  deploymentId: string,
  { sealed }: ReleaseEnvironment,
): Promise<readonly NamedSecret[]> {
  if (sealed.length === 0) return [];
  const sealingKey = await store.sealingKeys.get(deploymentId);
  return sealed.map(({ key, sealed: text }) => ({
    key,
    value: secrets.open(text, secretContext(deploymentId, key), sealingKey),
  }));
}

/** Contract §5.5 and §10, rows 35 and 36. */
function connectVariables(
  deployment: Deployment,
  application: ReleaseApplication,
  bridgedProject: string | undefined,
): Record<string, string> {
  const provider = { CONNECT_PROVIDER: deployment.region.endsWith('.aws') ? 'AWS' : 'GCP' };
  if (application.type === 'service' && application.url !== undefined) {
    return { ...provider, CONNECT_SERVICE_URL: application.url };
  }
  if (application.type === 'event' && application.topic !== undefined) {
    return {
      ...provider,
      CONNECT_SUBSCRIPTION_DESTINATION: 'GoogleCloudPubSub',
      CONNECT_GCP_PROJECT_ID: bridgedProject ?? deployment.projectKey,
      CONNECT_GCP_TOPIC_NAME: application.topic,
    };
  }
  return provider;
}
