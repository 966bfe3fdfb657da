import type { Deployment } from '../../../core/deployment.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';
import type { EarlierBuild } from './find-earlier-builds.ts';

/** Has the commit at hand, unless everything is built already: then a rollback needs no git host. */
export async function fetchSource(
  { source }: Pick<OperationDependencies, 'source'>,
  deployment: Deployment,
  earlier: ReadonlyMap<string, EarlierBuild>,
  scope: StepScope,
): Promise<void> {
  const { repository, commit, version } = deployment.connector;
  const { rollbackRevision, applications } = deployment;
  if (rollbackRevision !== undefined) {
    scope.report(
      'Information',
      `Rollback to revision ${rollbackRevision}`,
      `Connector version ${version}, ${repository.tag}, with the configuration of that time.`,
    );
  }
  if (applications.some(({ name }) => !earlier.has(name))) {
    await source.treeDigest({ ...repository, commit }, '');
    scope.report(
      'Information',
      'Connector source fetched',
      `${repository.tag} is commit ${commit.slice(0, 12)}.`,
    );
  }
  reportOmitted(deployment, scope);
}

function reportOmitted({ connector, applications }: Deployment, scope: StepScope): void {
  const deployed = new Set(applications.map(({ name }) => name));
  for (const { name } of connector.spec.applications.filter((one) => !deployed.has(one.name))) {
    scope.report(
      'Information',
      'Application not deployed',
      `The Deployment's configurations do not list "${name}". To deploy it, create a Deployment that does.`,
    );
  }
}
