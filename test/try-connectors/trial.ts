import type { MockPlatform } from '../support/mock-platform.ts';
import {
  type ConnectorStaged,
  type Deployment,
  type ReportEntry,
  reportOf,
} from './connect-client.ts';
import {
  type DummyConfiguration,
  makeDummyConfiguration,
  type Overrides,
} from './dummy-configuration.ts';
import {
  type Expectation,
  expectationOf,
  generalProbesOf,
  type PlatformCheck,
} from './expectations.ts';
import { type FoundProcess, findProcessesOf } from './leftover-processes.ts';
import {
  deployConnector,
  previewConnector,
  projectKey,
  redeploy,
  type StepContext,
  undeploy,
} from './lifecycle.ts';
import { lastLogLines } from './logs.ts';
import { checkPlatform } from './platform-check.ts';
import { type Finding, type ProbeContext, runProbe } from './probe.ts';
import {
  type ApplicationResult,
  describeError,
  isSuccess,
  readApplicationResult,
} from './result.ts';
import { waitUntil } from './wait-until.ts';

/** What is known so far: a trial that ends early keeps what it found. */
export interface Trial {
  error?: string;
  status: string;
  applications: ApplicationResult[];
  readonly findings: Finding[];
  readonly seconds: Record<string, number>;
  readonly report: ReportEntry[];
  readonly logs: string[];
}

export interface TrialContext extends StepContext {
  readonly platform: MockPlatform;
  /** Where applications run. */
  readonly dataDirectory: string;
  readonly overrides: Overrides;
  readonly progress: (line: string) => void;
}

const stopTimeoutMs = 15_000;

export function newTrial(): Trial {
  return { status: '-', applications: [], findings: [], seconds: {}, report: [], logs: [] };
}

/** Whatever goes wrong on the way, the deployment is deleted in the end. */
export async function runTrial(trial: Trial, context: TrialContext): Promise<void> {
  const expectation = expectationOf(context.source) ?? { probes: {} };
  const connector = await timed(trial, context, 'preview', () => previewConnector(context));
  trial.report.push(...(connector.previewableReport?.entries ?? []));
  if (connector.isPreviewable !== 'true') {
    throw new Error(`isPreviewable is ${connector.isPreviewable}`);
  }
  const deployed = await timed(trial, context, 'deploy', () =>
    deployConnector(connector, configurationFor(connector, expectation, context), context),
  );
  noteDeployment(trial, connector, deployed);
  try {
    if (deployed.status !== 'Deployed') throw new Error(`the deployment is ${deployed.status}`);
    await timed(trial, context, 'probes', () => probeAll(trial, expectation, deployed, context));
    await checkAll(trial, expectation.afterDeploy, deployed, 0, context);
    await tryRedeployment(trial, expectation, deployed, context);
  } catch (error) {
    trial.error = describeError(error);
  }
  if (!isSuccess(trial)) await noteLogs(trial, deployed, context);
  await timed(trial, context, 'delete', () => undeploy(deployed.id, context));
  await checkAll(trial, expectation.afterUndeploy, deployed, 0, context);
  trial.findings.push(await findWhatStillRuns(context));
}

async function timed<T>(
  trial: Trial,
  { progress, source }: TrialContext,
  step: string,
  run: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  try {
    return await run();
  } finally {
    const seconds = (performance.now() - start) / 1000;
    trial.seconds[step] = seconds;
    progress(`${source.name}: ${step} ${seconds.toFixed(1)} s`);
  }
}

function configurationFor(
  connector: ConnectorStaged,
  { schedules }: Expectation,
  { platform, overrides }: TrialContext,
): DummyConfiguration {
  const dummy = makeDummyConfiguration(connector, { platformUrl: platform.url, overrides });
  const configurations = dummy.configurations.map((configuration) => {
    const schedule = schedules?.[configuration.applicationName];
    return schedule === undefined ? configuration : { ...configuration, schedule };
  });
  return { ...dummy, configurations };
}

function noteDeployment(trial: Trial, connector: ConnectorStaged, deployed: Deployment): void {
  trial.status = deployed.status;
  trial.report.push(...reportOf(deployed));
  trial.applications = connector.configurations.map((application) =>
    readApplicationResult(application, deployed, connector.previewableReport?.entries),
  );
}

async function probeAll(
  trial: Trial,
  expectation: Expectation,
  deployed: Deployment,
  context: TrialContext,
): Promise<void> {
  for (const [index, application] of trial.applications.entries()) {
    const at = contextOf(deployed, application.name, context);
    const probes: Finding[] = [];
    for (const probe of probesOf(expectation, application)) probes.push(await runProbe(probe, at));
    trial.applications[index] = { ...application, probes };
  }
}

/** postDeploy runs again, the URL and topic are the same, and what answered answers. */
async function tryRedeployment(
  trial: Trial,
  expectation: Expectation,
  deployed: Deployment,
  context: TrialContext,
): Promise<void> {
  const requestsBefore = context.platform.requests.length;
  const redeployed = await timed(trial, context, 'redeploy', () => redeploy(deployed, context));
  trial.status = redeployed.status;
  trial.report.push(...reportOf(redeployed));
  if (redeployed.status !== 'Deployed') throw new Error(`the redeployment is ${redeployed.status}`);
  await checkAll(trial, expectation.afterRedeploy, redeployed, requestsBefore, context);
  for (const application of trial.applications) {
    trial.findings.push(
      comparePostDeploy(application, redeployed),
      compareAddresses(application.name, deployed, redeployed),
    );
    const probe = probesOf(expectation, application).find(({ kind }) => kind === 'http');
    if (probe === undefined) continue;
    const finding = await runProbe(probe, contextOf(redeployed, application.name, context));
    trial.findings.push({ ...finding, what: `${application.name}, redeployed: ${finding.what}` });
  }
}

function comparePostDeploy(before: ApplicationResult, redeployed: Deployment): Finding {
  const { postDeploy } = readApplicationResult(
    { applicationName: before.name, applicationType: before.type },
    redeployed,
  );
  const what = `${before.name}, redeployed: postDeploy ${before.postDeploy}`;
  return postDeploy === before.postDeploy ? { what } : { what, problem: postDeploy };
}

function compareAddresses(name: string, before: Deployment, after: Deployment): Finding {
  const [old, now] = [before, after].map(({ applications }) => {
    const application = applications.find(({ applicationName }) => applicationName === name);
    return application?.url ?? application?.topic;
  });
  const what = `${name}, redeployed: the same URL or topic`;
  return old === now ? { what } : { what, problem: `${old} became ${now}` };
}

function probesOf(expectation: Expectation, { name, type }: ApplicationResult) {
  return expectation.probes[name] ?? generalProbesOf(type);
}

function contextOf(
  deployment: Deployment,
  name: string,
  { client, signal }: TrialContext,
): ProbeContext {
  const application = deployment.applications.find(
    ({ applicationName }) => applicationName === name,
  );
  return {
    client,
    signal,
    projectKey,
    deploymentId: deployment.id,
    application: application ?? { applicationName: name },
  };
}

async function checkAll(
  trial: Trial,
  checks: readonly PlatformCheck[] = [],
  { applications }: Deployment,
  requestsBefore: number,
  { platform }: TrialContext,
): Promise<void> {
  for (const check of checks) {
    trial.findings.push(
      await checkPlatform(check, { platform, projectKey, applications, requestsBefore }),
    );
  }
}

/** A Deployment that is gone has no process any more. */
async function findWhatStillRuns({ dataDirectory, signal }: TrialContext): Promise<Finding> {
  const what = 'nothing runs after the deletion';
  let left: readonly FoundProcess[] = [];
  const isEmpty = async () => {
    left = await findProcessesOf(dataDirectory);
    return left.length === 0 || undefined;
  };
  return waitUntil(what, { signal, timeoutMs: stopTimeoutMs }, isEmpty).then(
    () => ({ what }),
    () => ({ what, problem: left.map(({ description }) => description).join(', ') }),
  );
}

async function noteLogs(trial: Trial, deployed: Deployment, context: TrialContext): Promise<void> {
  for (const { name } of trial.applications) {
    trial.logs.push(...(await lastLogLines(contextOf(deployed, name, context))));
  }
}
