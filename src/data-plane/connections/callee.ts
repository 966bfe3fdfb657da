import type { LocalAddress } from '../../core/local-address.ts';
import type { InstanceAddress } from '../../core/route-table.ts';
import { chooseInstance } from './choose-instance.ts';
import type { InFlight } from './in-flight.ts';

/** An application that the platform itself calls, past the gateway: it brings it messages, or the ticks of its schedule. */
export interface Callee {
  readonly deploymentId: string;
  readonly applicationName: string;
  readonly releaseId: string;
  /** None: it sleeps, starts, or fails. */
  readonly instances: readonly InstanceAddress[];
  /** It sleeps until somebody wakes it. */
  readonly sleeps: boolean;
  /** Why it will not answer soon, for people. */
  readonly failing?: string;
}

/** Where a call goes. It counts as under way until `over`. */
export interface Call {
  readonly address: LocalAddress;
  readonly over: () => void;
}

export type Caller = (callee: Callee) => Call | undefined;

/** The least busy instance of each, if there is one now. */
export function createCaller(inFlight: Pick<InFlight, 'enter' | 'ofInstance'>): Caller {
  let turn = 0;
  return ({ releaseId, instances }) => {
    const instance = chooseInstance(instances, inFlight.ofInstance, turn++);
    if (instance === undefined) return undefined;
    const { instanceId, ...address } = instance;
    return { address, over: inFlight.enter(releaseId, instanceId) };
  };
}
