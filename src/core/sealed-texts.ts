import type { SealedValue, StoredConfiguration } from './configuration.ts';
import type { Deployment } from './deployment.ts';
import type { Release } from './release.ts';
import type { DeploymentRevision } from './revision.ts';
import { apiClientSecretKey } from './secret-context.ts';

/** @param key of the value, which is part of what its text is sealed for */
type Change = (text: string, key: string) => string;

/** The same record, with every sealed text of it changed. */
export function changeSealedOfDeployment(deployment: Deployment, change: Change): Deployment {
  const { apiClient } = deployment;
  return {
    ...deployment,
    ...changeSealedValues(deployment, change),
    ...(apiClient === undefined
      ? {}
      : {
          apiClient: {
            ...apiClient,
            sealedSecret: change(apiClient.sealedSecret, apiClientSecretKey),
          },
        }),
  };
}

export function changeSealedOfRevision(
  revision: DeploymentRevision,
  change: Change,
): DeploymentRevision {
  return { ...revision, ...changeSealedValues(revision, change) };
}

export function changeSealedOfRelease(release: Release, change: Change): Release {
  const applications = release.applications.map((application) => {
    const { plain, sealed } = application.environment;
    return { ...application, environment: { plain, sealed: changeEach(sealed, change) } };
  });
  return { ...release, applications };
}

function changeSealedValues<A extends { readonly configuration: StoredConfiguration }>(
  record: {
    readonly applications: readonly A[];
    readonly globalConfiguration: StoredConfiguration;
  },
  change: Change,
) {
  const within = ({ standard, secured }: StoredConfiguration): StoredConfiguration => ({
    standard,
    secured: changeEach(secured, change),
  });
  return {
    globalConfiguration: within(record.globalConfiguration),
    applications: record.applications.map((application) => ({
      ...application,
      configuration: within(application.configuration),
    })),
  };
}

function changeEach(values: readonly SealedValue[], change: Change): readonly SealedValue[] {
  return values.map((value) => ({ ...value, sealed: change(value.sealed, value.key) }));
}
