import { hasUrl } from '../../../core/application.ts';
import { applicationNamed } from '../../../core/configuration.ts';
import type { Deployment } from '../../../core/deployment.ts';
import { Failure } from '../../../core/failure.ts';
import { DuplicateKey } from '../../../core/store-failure.ts';
import type { Address } from '../../../ports/runtime-reader.ts';
import type { Store } from '../../../ports/store.ts';
import { waitFor } from '../../waiting/wait-for.ts';
import { hostLabelOf, identityOf, portCandidates } from '../addresses.ts';
import type { Addressing, OperationDependencies } from '../dependencies.ts';
import type { StepScope } from '../operation-run.ts';

export interface ReservedAddress {
  readonly application: string;
  readonly hostLabel: string;
  readonly port?: number;
}

/**
 * Gives every application of the Deployment its address, before anything is built: Merchant Center bundles and
 * scripts need the URL. A port counts only once the data plane listens on it.
 */
export async function reserveAddresses(
  { store, addressing }: Pick<OperationDependencies, 'store' | 'addressing'>,
  deployment: Deployment,
  scope: StepScope,
): Promise<readonly ReservedAddress[]> {
  const reserved: ReservedAddress[] = [];
  for (const { name } of deployment.applications) {
    const spec = applicationNamed(deployment.connector.spec, name);
    if (spec === undefined) continue;
    const identity = identityOf(deployment, name);
    const wanted = {
      hostLabel: hostLabelOf(identity, spec.type),
      projectKey: deployment.projectKey,
      deploymentId: deployment.id,
      applicationName: name,
      state: 'wanted',
    } as const;
    const needsPort = addressing.kind === 'port' && hasUrl(spec.type);
    const address = needsPort
      ? await reservePort(store, addressing, wanted, identity, scope)
      : wanted;
    if (!needsPort) await store.commit([{ kind: 'put-address', address: wanted }]);
    reserved.push({
      application: name,
      hostLabel: address.hostLabel,
      ...('port' in address && address.port !== undefined ? { port: address.port } : {}),
    });
  }
  return reserved;
}

/** How long the data plane may take to try a port. It may be restarting. */
const bindTimeoutMs = 30_000;

async function reservePort(
  store: Store,
  range: Extract<Addressing, { kind: 'port' }>,
  wanted: Address,
  identity: string,
  scope: StepScope,
): Promise<Address> {
  const addresses = await store.runtime.addresses();
  const known = addresses.find(({ hostLabel }) => hostLabel === wanted.hostLabel);
  for (const { port, replaces } of candidates(addresses, known, portCandidates(identity, range))) {
    const address = { ...wanted, port };
    if (!(await tryReserve(store, { known, address, replaces }))) continue;
    const state = await waitForPort(store, address, scope.signal);
    if (state === 'bound') return address;
  }
  throw new Failure(`No port from ${range.from} to ${range.to} is free for the application.`, {
    nextStep: 'Widen the range with BERTH_APPS_PORTS, or end what listens there, then redeploy.',
  });
}

interface Candidate {
  readonly port: number;
  /** Whose reservation ends: that of a Deployment which is gone. */
  readonly replaces?: Address;
}

/** Its own port first, then free ones, and only then those kept for Deployments that may come back. */
function candidates(
  addresses: readonly Address[],
  known: Address | undefined,
  ports: Iterable<number>,
): readonly Candidate[] {
  const holders = new Map(addresses.map((address) => [address.port, address]));
  const all = [...ports];
  const own = known?.port !== undefined && known.state !== 'conflict' ? [{ port: known.port }] : [];
  const free = all.filter((port) => !holders.has(port)).map((port) => ({ port }));
  const released = all.flatMap((port) => {
    const holder = holders.get(port);
    return holder?.state === 'released' && holder !== known ? [{ port, replaces: holder }] : [];
  });
  return [...own, ...free, ...released];
}

/** An address that is in use already stays as it is: its port is open. */
async function tryReserve(
  store: Store,
  {
    known,
    address,
    replaces,
  }: { known: Address | undefined; address: Address; replaces?: Address | undefined },
): Promise<boolean> {
  const { port, deploymentId } = address;
  if (known?.state === 'bound' && known.port === port && known.deploymentId === deploymentId)
    return true;
  try {
    await store.commit([
      ...(replaces === undefined
        ? []
        : [{ kind: 'delete-address', hostLabel: replaces.hostLabel } as const]),
      { kind: 'put-address', address },
    ]);
    return true;
  } catch (error) {
    if (error instanceof DuplicateKey) return false;
    throw error;
  }
}

async function waitForPort(
  store: Store,
  address: Address,
  signal: AbortSignal,
): Promise<Address['state']> {
  const state = await waitFor(store, { signal, timeoutMs: bindTimeoutMs }, async () => {
    const now = await store.runtime.address(address.hostLabel);
    return now?.state === 'wanted' ? undefined : now?.state;
  });
  if (state !== undefined) return state;
  throw new Failure(
    'The data plane does not answer: no port could be opened for the application.',
    {
      nextStep: 'Look at the log of the data plane, then redeploy.',
    },
  );
}
