import type { HealthCheck } from '../../core/connector-spec.ts';
import type { LocalAddress } from '../../core/local-address.ts';
import { isHealthy } from './probe.ts';

/** Calls back once, after as many failed checks in a row as the connector allows (contract §4). Returns the way to stop. */
export function watchHealth(
  address: LocalAddress,
  check: HealthCheck,
  unhealthy: (failures: number) => void,
): () => void {
  let failures = 0;
  let stopped = false;
  let timer: NodeJS.Timeout;
  const again = (): void => {
    timer = setTimeout(() => void look(), check.intervalSeconds * 1000);
  };
  const look = async (): Promise<void> => {
    failures = (await isHealthy(address, check)) ? 0 : failures + 1;
    if (stopped) return;
    if (failures >= check.unhealthyThreshold) unhealthy(failures);
    else again();
  };
  again();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
