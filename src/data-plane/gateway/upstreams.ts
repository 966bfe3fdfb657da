import { Pool } from 'undici';
import { nameOfAddress } from '../../core/local-address.ts';
import type { InstanceAddress } from '../../core/route-table.ts';
import { connectorTo, originOf } from '../connections/connector.ts';
import type { GatewayLimits } from './limits.ts';

/** The connections to each instance, kept while a route names it. */
export interface Upstreams extends AsyncDisposable {
  pool(address: InstanceAddress): Pool;
  /** Lets go of all others; what they still carry is finished. */
  keep(addresses: readonly InstanceAddress[]): void;
}

export function createUpstreams(limits: GatewayLimits): Upstreams {
  const pools = new Map<string, Pool>();
  const closing = new Set<Pool>();
  /** The same, by the address as the table of the moment has it. */
  let byAddress = new WeakMap<InstanceAddress, Pool>();

  const retire = (key: string, pool: Pool): void => {
    pools.delete(key);
    closing.add(pool);
    // Rejects only where the pool was destroyed meanwhile, and then it is closed too.
    pool.close().then(
      () => closing.delete(pool),
      () => closing.delete(pool),
    );
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
    async [Symbol.asyncDispose]() {
      await Promise.all([...pools.values(), ...closing].map((pool) => pool.destroy()));
    },
  };
}

/** The id is part of it: a port may come back with another instance behind it. */
function keyOf(address: InstanceAddress): string {
  return `${address.instanceId} ${nameOfAddress(address)}`;
}

function openPool(address: InstanceAddress, limits: GatewayLimits): Pool {
  return new Pool(originOf(address), {
    connections: limits.connectionsPerInstance,
    pipelining: 1,
    headersTimeout: limits.answerMs,
    bodyTimeout: limits.answerMs,
    connect: 'socketPath' in address ? connectorTo(address) : { timeout: limits.connectMs },
    maxHeaderSize: 2 * limits.headBytes,
  });
}
