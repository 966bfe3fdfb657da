import type { InNetwork } from './bubblewrap.ts';
import { joinDoors } from './chain.ts';
import { guardEnvironment, partForShell, setRest, survivesShell } from './guarded-environment.ts';
import type { Host } from './host.ts';
import { keepLimits } from './keep-limits.ts';
import { enterOverlay } from './overlay.ts';
import { enterNetwork, networkDescriptors, openWayOut } from './private-network.ts';
import { resourceLimits } from './resource-limits.ts';
import type { Confined, Descriptor, Job } from './sandbox.ts';
import { separationChain } from './separation-chain.ts';

/** What of the environment comes to the job through descriptors. */
export interface Parts {
  /** Set behind all programs that build the sandbox. */
  readonly rest?: string | undefined;
  /** Arguments for bubblewrap. */
  readonly behind?: string | undefined;
}

/** What a chain is told. */
interface Told extends Parts, InNetwork {
  /** Whoever becomes its first program has set its limits. */
  readonly hasLimits?: boolean;
}

/** Makes a job ready to be spawned, in a network that is made with it. */
export async function confine(host: Host, job: Job): Promise<Confined> {
  const cgroup = await host.cgroups?.make(job.limits);
  const { bubblewrap, network, nice } = host;
  const { environment, ...parts } = partEnvironment(host, job.environment);
  const joinsItself = survivesShell(environment);
  const [file = job.program.file, ...args] = [
    ...(nice === undefined || job.limits.niceness === 0
      ? []
      : [nice, '-n', String(job.limits.niceness)]),
    ...joinDoors(joinsItself ? (cgroup?.doors ?? []) : []),
    ...(network === undefined
      ? []
      : enterNetwork(network, { hasCommonFolder: job.view.common !== undefined })),
    ...sandboxChain(host, job, { ...parts, waitsAt: networkDescriptors.ready }),
  ];
  return {
    program: { file, args },
    environment,
    descriptors: descriptorsOf(host, parts),
    hasMonitor: bubblewrap !== undefined,
    ...keepLimits(host, job, {
      ...{ cgroup, joinsItself },
      openWay: network === undefined ? undefined : (spawned) => openWayOut(network, spawned),
    }),
  };
}

/** From inside of the job's network to its program. */
export function sandboxChain(
  host: Host,
  job: Job,
  { rest, behind, waitsAt, hasLimits = false }: Told,
): readonly string[] {
  const { view, directory, program } = job;
  const { bubblewrap, overlays } = host;
  return [
    ...(bubblewrap === undefined || overlays === undefined || view.overlay === undefined
      ? []
      : enterOverlay(overlays, view.overlay)),
    ...(bubblewrap === undefined
      ? []
      : separationChain(bubblewrap, {
          ...{ view, directory },
          scratchMb: job.limits.scratchMb,
          endsWithParent: job.endsWithParent ?? false,
          network: host.network && { waitsAt },
          commonAt: host.network?.common,
          hasVariables: behind !== undefined,
        })),
    ...(hasLimits ? [] : resourceLimits(host, job.limits)),
    ...(rest === undefined ? [] : setRest),
    program.file,
    ...program.args,
  ];
}

function partEnvironment(
  { bubblewrap, network }: Host,
  given: Job['environment'],
): Pick<Confined, 'environment'> & Parts {
  if (bubblewrap === undefined) return { environment: given };
  const { environment, rest } = guardEnvironment(given);
  return network === undefined ? { environment, rest } : { ...partForShell(environment), rest };
}

/** From 3 on: variables, and the two of a network, and variables again. */
function descriptorsOf({ network }: Host, { rest, behind }: Parts): readonly Descriptor[] {
  const [first, last] = [rest, behind].map((text) => (text === undefined ? [] : [{ text }]));
  if (network === undefined) return first ?? [];
  return [first?.[0] ?? 'ignore', 'pipe', 'pipe', ...(last ?? [])];
}
