import { startDataPlane } from '../data-plane/start-data-plane.ts';
import { openGitSource } from '../drivers/source/git/git-source.ts';
import { openBridge } from './open-bridge.ts';
import { openBuilder, openParts, redirectOf } from './open-parts.ts';
import type { OpenPlane, PlaneInput } from './plane.ts';

/** Carries: instances, gateway, events, jobs, logs. */
export async function openDataPlane(input: PlaneInput): Promise<OpenPlane> {
  const { config, logger, environment } = input;
  await using stack = new AsyncDisposableStack();
  const { layout, seat, secrets, store, logs, events, sandbox, runtime, clock } = await openParts(
    'data',
    input,
    stack,
  );
  const source = openGitSource({ directory: layout.sources, allowLocal: false, environment });
  const plane = stack.use(
    await startDataPlane({
      store,
      seat: seat.name,
      logs,
      events,
      ...(await openBridge(config)),
      runtime,
      builder: openBuilder(input, { source, sandbox }),
      secrets,
      clock,
      logger,
      ...redirectOf(config),
      host: config.host,
      gatewayPort: config.gatewayPort,
      limits: config.limits,
      startupTimeoutMs: config.startupTimeoutMs,
      drainMs: config.drainMs,
      idleMs: config.idleMs,
    }),
  );
  const opened = stack.move();
  return {
    port: plane.gatewayPort,
    newClient: undefined,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
