import { nameOfAddress } from '../../core/local-address.ts';
import type { InstanceAddress } from '../../core/route-table.ts';
import { connectTo } from '../connections/connect-to.ts';
import { createHttpPool, type HttpPool } from '../connections/http/http-pool.ts';
import type { GatewayLimits } from './limits.ts';

/** The connections to each instance, kept while a route names it. */
export interface Upstreams extends Disposable {
  pool(address: InstanceAddress): HttpPool;
  /** Lets go of all others; what they still carry is finished. */
  keep(addresses: readonly InstanceAddress[]): void;
}

export function createUpstreams(limits: GatewayLimits): Upstreams {
  const pools = new Map<string, HttpPool>();
  const closing = new Set<HttpPool>();
  /** The same, by the address as the table of the moment has it. */
  let byAddress = new WeakMap<InstanceAddress, HttpPool>();

  const retire = (key: string, pool: HttpPool): void => {
    pools.delete(key);
    closing.add(pool);
    void pool.close().then(() => closing.delete(pool));
  };

  return {
    pool(address) {
      const known = byAddress.get(address);
      if (known !== undefined) return known;
      const key = keyOf(address);
      const pool = pools.get(key) ?? openPool(address, limits);
      pools.set(key, pool);
      byAddress.set(address, pool);
      return pool;
    },
    keep(addresses) {
      byAddress = new WeakMap();
      const kept = new Set(addresses.map(keyOf));
      for (const [key, pool] of pools) if (!kept.has(key)) retire(key, pool);
    },
    [Symbol.dispose]() {
      for (const pool of [...pools.values(), ...closing]) pool[Symbol.dispose]();
    },
  };
}

/** The id is part of it: a port may come back with another instance behind it. */
function keyOf(address: InstanceAddress): string {
  return `${address.instanceId} ${nameOfAddress(address)}`;
}

/** Below the 5 s that Node's servers wait, so that rarely one ends what is just being used. */
const idleMs = 4_000;

function openPool({ instanceId: _, ...address }: InstanceAddress, limits: GatewayLimits): HttpPool {
  return createHttpPool(() => connectTo(address), {
    connections: limits.connectionsPerInstance,
    connectMs: limits.connectMs,
    answerMs: limits.answerMs,
    headBytes: 2 * limits.headBytes,
    idleMs,
  });
}
