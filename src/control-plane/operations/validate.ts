import { isMerchantCenter } from '../../core/application.ts';
import { emptyConfiguration } from '../../core/configuration.ts';
import type { ConnectorStaged } from '../../core/connector.ts';
import type { ApplicationSpec, ConnectorSpec } from '../../core/connector-spec.ts';
import { buildEnvironment } from '../../core/environment.ts';
import { Failure } from '../../core/failure.ts';
import { buildDeadlineMs } from '../../core/operation.ts';
import { readSpec } from '../sources/read-spec.ts';
import type { OperationDependencies } from './dependencies.ts';
import type { OperationRun } from './operation-run.ts';
import { auditDependencies } from './steps/audit-dependencies.ts';
import { buildApplication } from './steps/build-application.ts';

export interface Validated {
  readonly commit: string;
  readonly spec: ConnectorSpec;
  readonly artifactKeys: readonly string[];
}

/**
 * What preview and publish have in common (contract §3.5 and §7): the specification is valid, every application
 * builds, and beside that their dependencies are audited.
 */
export async function validateConnector(
  deps: OperationDependencies,
  run: OperationRun,
  staged: ConnectorStaged,
): Promise<Validated> {
  const { repository } = staged;
  const { commit, spec } = await run.step(
    'specification',
    { failed: 'Connector specification file validation check failed' },
    async (scope) => {
      const found = await readSpec(deps.source, repository, scope.signal);
      if (found.outcome === 'unreachable') throw found.failure;
      if (found.outcome === 'file-not-found') {
        throw new Failure(`The repository has no connect.yaml at ${repository.tag}.`, {
          title: 'Connector specification file not found',
          nextStep: 'Add one to the root of the repository, tag that commit, and set the new tag.',
        });
      }
      if (found.outcome === 'not-valid') {
        throw new Failure('connect.yaml is not valid.', {
          output: found.mistakes,
          nextStep: 'Mend it and set a new tag.',
        });
      }
      scope.report('Information', 'Connector specification file validation check succeeded');
      return { commit: found.commit, spec: found.spec };
    },
  );
  const builds = spec.applications.map((application) =>
    run.step(
      `build/${application.name}`,
      {
        failed: 'Application Build check failed',
        starting: 'Building application',
        deadlineMs: buildDeadlineMs,
        mayRepeat: true,
        application: application.name,
      },
      async (scope) => {
        const environment = sampleEnvironment(spec, application);
        return buildApplication(
          deps,
          { repository: { ...repository, commit }, application, environment },
          scope,
        );
      },
    ),
  );
  const audit = auditDependencies(deps, run, { repository: { ...repository, commit }, spec });
  await Promise.allSettled([...builds, audit]);
  const artifactKeys = await Promise.all(builds);
  await audit;
  await run.step('checked', { failed: 'Validation failed' }, async (scope) => {
    scope.report(
      'Information',
      'Application Build check succeeded',
      `${spec.applications.length} application(s).`,
    );
    scope.report(
      'Information',
      'Image security analysis check skipped',
      'Berth makes no images: applications run as processes of this machine. See to its security updates, and to those of Node.js.',
    );
  });
  return { commit, spec, artifactKeys };
}

/** A Merchant Center bundle does not compile without its variables, and nobody has configured it yet. */
function sampleEnvironment(
  spec: ConnectorSpec,
  application: ApplicationSpec,
): Record<string, string> {
  if (!isMerchantCenter(application.type)) return {};
  const declared = [...spec.globalConfiguration.standard, ...application.configuration.standard];
  const samples = Object.fromEntries(
    declared.map(({ key, default: fallback }) => [key, fallback ?? sampleOf(key)]),
  );
  return {
    ...samples,
    ...buildEnvironment(spec, application, {
      own: emptyConfiguration,
      global: emptyConfiguration,
      url: 'https://validation.example.com',
    }),
  };
}

const samples: Readonly<Record<string, string>> = {
  CLOUD_IDENTIFIER: 'gcp-eu',
  CUSTOM_APPLICATION_ID: 'cl00000000000000000000000',
  CUSTOM_VIEW_ID: 'cl00000000000000000000000',
  ENTRY_POINT_URI_PATH: 'validation',
};

function sampleOf(key: string): string {
  return samples[key] ?? 'validation';
}
