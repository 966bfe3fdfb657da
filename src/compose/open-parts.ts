import type { Config } from '../config/parse-config.ts';
import { type NodeBuilderOptions, openNodeBuilder } from '../drivers/builder/node/driver.ts';
import { findToolFolders } from '../drivers/builder/node/tool-folders.ts';
import { openEmbeddedBroker } from '../drivers/event-broker/embedded/open-embedded-broker.ts';
import { openSqliteLogStore } from '../drivers/log-store/sqlite/open-sqlite-log-store.ts';
import { openProcessRuntime } from '../drivers/runtime/process/process-runtime.ts';
import type { Sandbox } from '../drivers/sandbox/sandbox.ts';
import type { Builder } from '../ports/builder.ts';
import type { Room } from '../ports/disk.ts';
import type { PlatformRedirect } from '../ports/runtime.ts';
import type { Source } from '../ports/source.ts';
import { refuseHalfRestored } from './backup/claim-directory.ts';
import { dataLayout } from './data-layout.ts';
import { chooseBudgets, openDisk } from './disk-limits.ts';
import { openConfiguredSandbox } from './open-sandbox.ts';
import { openSecrets, requireMasterKey } from './open-secrets.ts';
import { openStore } from './open-store.ts';
import type { PlaneInput, Wrap } from './plane.ts';
import { seatNames, takeSeat } from './seats.ts';

/** Several applications of a Deployment start at once, scripts run one after another. */
const spareNetworks = { control: 1, data: 3 } as const;

/** What each plane opens for itself, of files that both share. They close with the stack. */
export async function openParts(
  plane: 'control' | 'data',
  {
    config,
    environment,
    logger,
    storeObserver,
    signal,
    wrap = unwrapped,
  }: Pick<PlaneInput, 'config' | 'environment' | 'logger' | 'storeObserver' | 'signal' | 'wrap'>,
  stack: AsyncDisposableStack,
) {
  const layout = dataLayout(config.dataDirectory);
  await refuseHalfRestored(config.dataDirectory);
  const seats = seatsOf(plane, config);
  const seat = stack.use(await takeSeat(layout, plane, { seats, signal }));
  const secrets = await openSecrets(config);
  const disk = openDisk(config);
  const budgets = await chooseBudgets(disk, config.disk);
  const directory = layout.run(seat.name);
  const sandbox = stack.use(
    await openConfiguredSandbox(config, environment, {
      directory,
      spareNetworks: spareNetworks[plane],
    }),
  );
  if (config.sandbox !== 'off' && sandbox.separation === 'none') {
    logger.warn(
      sandbox.report,
      'builds, scripts and applications are not separated from this machine: see docs/isolation.md',
    );
  } else if (config.network !== 'shared' && sandbox.network === 'shared') {
    logger.warn(
      sandbox.report,
      'builds, scripts and applications reach the services of this machine: see docs/isolation.md',
    );
  }
  const surroundings = await surroundingsOf(config, sandbox);
  const openRuntime = (ofSeat: string) =>
    openProcessRuntime({ directory: layout.run(ofSeat), sandbox, surroundings });
  const [store, logs, events, runtime] = await Promise.all([
    openStore(config, storeObserver),
    openSqliteLogStore({ file: layout.logs, maxBytes: budgets.logs }),
    openEmbeddedBroker({ file: layout.events, maxBytes: budgets.events, ...restOf(plane) }),
    openRuntime(seat.name),
  ]);
  for (const part of [store, logs, events, runtime]) stack.use(part);
  await requireMasterKey(store, secrets);
  const clock = { now: () => Date.now() };
  return {
    layout,
    seat,
    otherSeats: seatNames(plane, seats).filter((name) => name !== seat.name),
    disk,
    budgets,
    secrets,
    sandbox,
    store: wrap('store', store),
    logs: wrap('logs', logs),
    events: wrap('events', events),
    runtime: wrap('runtime', runtime),
    openRuntime,
    clock,
  };
}

/** The control plane publishes, and shows and forgets what died: many have nothing of it to do for hours. */
function restOf(plane: 'control' | 'data'): { readonly restMs?: number } {
  return plane === 'control' ? { restMs: 10_000 } : {};
}

/** SQLite has one writer anyway, and what runs on this machine is one data plane's. */
function seatsOf(plane: 'control' | 'data', { databaseUrl }: Config): number {
  return plane === 'control' && databaseUrl !== undefined ? mostControlPlanes : 1;
}

async function surroundingsOf(config: Config, sandbox: Sandbox) {
  const { processes, scratchMb, build } = config.limits;
  return {
    ...(await findToolFolders(toolDirectoryOf(config), sandbox)),
    bounds: { processes, openFiles: 16_384, fileMb: scratchMb, scratchMb },
    commands: { ...build, fileMb: build.diskMb, niceness: 5 },
  };
}

function toolDirectoryOf(config: Config): string {
  return config.toolDirectory ?? dataLayout(config.dataDirectory).tools;
}

const mostControlPlanes = 16;

const unwrapped: Wrap = (_port, part) => part;

export function openBuilder(
  { config, environment, wrap = unwrapped }: Pick<PlaneInput, 'config' | 'environment' | 'wrap'>,
  {
    source,
    sandbox,
    room,
    turns,
  }: {
    readonly source: Source;
    readonly sandbox: Sandbox;
    readonly room?: Room;
    /** Absent for whoever builds nothing. */
    readonly turns?: NodeBuilderOptions['turns'];
  },
): Builder {
  const layout = dataLayout(config.dataDirectory);
  const builder = openNodeBuilder({
    directory: layout.builds,
    toolDirectory: toolDirectoryOf(config),
    sandbox,
    jobLimits: {
      ...config.limits.build,
      processes: config.limits.processes * 4,
      openFiles: 65_536,
      fileMb: config.limits.build.diskMb,
      scratchMb: config.limits.scratchMb,
      niceness: 10,
    },
    source,
    operatorEnvironment: environment,
    bounds: config.artifactBounds,
    ...(room === undefined ? {} : { requireRoom: room.require }),
    ...(turns === undefined ? {} : { turns }),
    limits: { installTimeoutMs: config.buildTimeoutMs, buildTimeoutMs: config.buildTimeoutMs },
  });
  return wrap('builder', builder);
}

/** Where connectors find the platform, if not at its real hosts. */
export function redirectOf({ platform }: Config): { readonly platform?: PlatformRedirect } {
  return platform === undefined
    ? {}
    : { platform: { apiUrl: platform.apiUrl, authUrl: platform.authUrl } };
}
