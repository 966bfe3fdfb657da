import type { Shown } from '../../core/audit-log.ts';
import type { SealedValue, StoredConfiguration } from '../../core/configuration.ts';
import type { ConnectorStaged } from '../../core/connector.ts';
import type { Deployment } from '../../core/deployment.ts';
import { Failure } from '../../core/failure.ts';
import type { SealingKey } from '../../core/sealing-key.ts';
import { secretContext } from '../../core/secret-context.ts';
import type { Digester } from '../../ports/secret-box.ts';
import type { ApiClient, Project } from '../../ports/store.ts';
import { printApiClient } from '../../wire/api-client.ts';
import { printConnectorStaged } from '../../wire/connector-staged.ts';
import { printDeployment } from '../../wire/deployment.ts';

/** Records as the API shows them, secrets as digests and without reports, which tell of what came of a change. */

export function showProject({ key, productionEnabled }: Project): Shown {
  return { key, productionEnabled };
}

/** Of the secret even Berth knows only the hash; its digest tells as well whether it is another. */
export function showApiClient(client: ApiClient, digester: Digester): Shown {
  const secret = digester.digest(client.secretHash, `api-client/${client.id}`);
  return { ...printApiClient(client), secret };
}

export function showConnectorStaged(staged: ConnectorStaged): Shown {
  const printed = printConnectorStaged(staged, { preview: [], publishing: [] });
  const { publishingReport: _, previewableReport: __, ...rest } = printed;
  // With its credentials, whose digest takes their place.
  return { ...rest, repository: staged.repository };
}

export function showDeployment(
  deployment: Deployment,
  digester: Digester,
  sealingKey: SealingKey | undefined,
): Shown {
  const { globalConfiguration, details, ...printed } = printDeployment(deployment, [], 'fixed');
  const applications = deployment.applications.map(({ name, configuration }, at) => ({
    ...printed.applications[at],
    securedConfiguration: showSecured(deployment.id, configuration, {
      digester,
      sealingKey,
      place: `application/${name}`,
    }),
  }));
  return {
    ...printed,
    connector: { ...printed.connector, repository: deployment.connector.repository },
    details: { build: { id: details.build.id } },
    applications,
    ...(globalConfiguration === undefined
      ? {}
      : {
          globalConfiguration: {
            ...globalConfiguration,
            securedConfiguration: showSecured(deployment.id, deployment.globalConfiguration, {
              digester,
              sealingKey,
              place: 'global',
            }),
          },
        }),
  };
}

interface ShownAt {
  readonly digester: Digester;
  readonly sealingKey: SealingKey | undefined;
  readonly place: string;
}

function showSecured(deploymentId: string, { secured }: StoredConfiguration, at: ShownAt) {
  return secured.map((value) => ({
    key: value.key,
    value: digestOf(value, secretContext(deploymentId, value.key), at),
  }));
}

/** A secret that cannot be opened any more must not keep anybody from deleting what it belongs to. */
function digestOf(
  { key, sealed }: SealedValue,
  context: string,
  { digester, sealingKey, place }: ShownAt,
): string {
  try {
    return digester.digestSealed(
      { text: sealed, context, key: sealingKey },
      `${context}/${place}/${key}`,
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return 'unreadable';
  }
}
