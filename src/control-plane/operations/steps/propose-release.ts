import { hasUrl, normalizeEndpoint, servingOf } from '../../../core/application.ts';
import { applicationNamed } from '../../../core/configuration.ts';
import type { Deployment } from '../../../core/deployment.ts';
import {
  configuredEnvironment,
  mergeEnvironments,
  platformEnvironment,
  presumedEnvironment,
} from '../../../core/environment.ts';
import { runPolicies } from '../../../core/job-run.ts';
import type { Release, ReleaseApplication } from '../../../core/release.ts';
import { scalingOf } from '../../../core/scaling.ts';
import { urlOf } from '../addresses.ts';
import type { OperationDependencies } from '../dependencies.ts';
import type { ReservedAddress } from './reserve-addresses.ts';

type Dependencies = Pick<OperationDependencies, 'clock' | 'addressing' | 'platform'>;

/** Artifacts and configuration as one immutable candidate. Nothing is started here: the data plane does. */
export function proposeRelease(
  deps: Dependencies,
  given: {
    readonly id: string;
    readonly deployment: Deployment;
    readonly addresses: readonly ReservedAddress[];
    readonly artifactKeys: ReadonlyMap<string, string>;
  },
): Release {
  const { deployment } = given;
  return {
    id: given.id,
    deploymentId: deployment.id,
    projectKey: deployment.projectKey,
    number: deployment.version,
    state: 'candidate',
    routed: false,
    region: deployment.region,
    applications: given.addresses.map((address) =>
      releaseApplication(
        deps,
        deployment,
        address,
        given.artifactKeys.get(address.application) ?? '',
      ),
    ),
    createdAt: deps.clock.now(),
  };
}

function releaseApplication(
  deps: Dependencies,
  deployment: Deployment,
  address: ReservedAddress,
  artifactKey: string,
): ReleaseApplication {
  const spec = applicationNamed(deployment.connector.spec, address.application);
  const own = deployment.applications.find((one) => one.name === address.application);
  if (spec === undefined || own === undefined)
    throw new Error(`No application ${address.application}`);
  const endpoint = normalizeEndpoint(spec.endpoint);
  const url = hasUrl(spec.type)
    ? urlOf(deps.addressing, { ...address, region: deployment.region, endpoint })
    : undefined;
  const schedule = own.schedule ?? spec.schedule;
  const retryPolicy = own.retryPolicy ?? spec.retryPolicy;
  return {
    id: own.id,
    name: spec.name,
    type: spec.type,
    artifactKey,
    hostLabel: address.hostLabel,
    ...(address.port === undefined ? {} : { port: address.port }),
    endpoint,
    ...(url === undefined ? {} : { url }),
    ...(spec.type === 'event' ? { topic: address.hostLabel } : {}),
    ...(schedule === undefined ? {} : { schedule, ...runPolicies(own) }),
    ...(spec.healthCheck === undefined ? {} : { healthCheck: spec.healthCheck }),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
    ...(servingOf(spec.type) === 'process' ? { scaling: scalingOf(deployment.type, own) } : {}),
    environment: mergeEnvironments(
      presumedEnvironment,
      configuredEnvironment(deployment, spec.name, deps.platform),
      {
        plain: [
          ...platformEnvironment(address.hostLabel, deployment.version),
          // Some services read it at run time too (contract §5.5).
          ...(spec.type === 'service' && url !== undefined
            ? [{ key: 'CONNECT_SERVICE_URL', value: url }]
            : []),
        ],
        sealed: [],
      },
    ),
  };
}
