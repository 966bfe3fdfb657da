import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type LocalAddress, nameOfAddress } from '../../src/core/local-address.ts';
import { type Callee, createCaller } from '../../src/data-plane/connections/callee.ts';
import { createInFlight } from '../../src/data-plane/connections/in-flight.ts';
import type { JobSchedulerOptions } from '../../src/data-plane/jobs/open-job-scheduler.ts';

type Whereabouts = Pick<Callee, 'releaseId' | 'instances' | 'sleeps'>;

/** Nothing of it runs. */
export const nowhere: Whereabouts = { releaseId: 'release', instances: [], sleeps: false };

export function runningAt(address: LocalAddress): Whereabouts {
  return { ...nowhere, instances: [{ instanceId: nameOfAddress(address), ...address }] };
}

/** How a scheduler calls, with nobody to wake what sleeps. */
export function calling(): Pick<JobSchedulerOptions, 'call' | 'onAwaited' | 'startMs'> {
  return { call: createCaller(createInFlight()), onAwaited: () => undefined, startMs: 60_000 };
}

/** What jobs call, and what it was asked. */
export async function startApplication(
  answer: (req: IncomingMessage, res: ServerResponse) => void = (_req, res) => void res.end(),
) {
  const requests: string[] = [];
  const server = createServer((req, res) => {
    requests.push(`${req.method} ${req.url} ${req.headers['content-length']}`);
    req.resume();
    answer(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, requests };
}
