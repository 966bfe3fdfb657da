import { DatabaseSync } from 'node:sqlite';
import { dataLayout } from '../../src/compose/data-layout.ts';
import type { BenchmarkRun } from '../benchmark-command.ts';
import { divideProcessors, type Processors } from '../http/processors.ts';
import { requirePrograms } from '../http/programs.ts';
import { inTurn } from '../http/turns.ts';
import { measureThroughput, type Throughput } from '../http/wrk.ts';
import { until } from '../redeploy/until.ts';
import { type ProxyPlace, startCaddy, startNginx } from './proxies.ts';
import { askSteadily, type Latencies } from './steady-load.ts';
import { type DeployedUpstreams, deployUpstreams, type Upstream } from './upstream.ts';

/** `direct` asks the upstream without anything before it. */
export const ways = ['direct', 'nginx', 'Caddy', 'Berth'] as const;
export type Way = (typeof ways)[number];
const latencyWays = ['direct', 'nginx', 'Berth'] as const;

export interface Round {
  readonly throughput: Readonly<Record<Way, Throughput>>;
  /** At half of what Berth has answered before, each. */
  readonly perSecond: number;
  readonly latency: Readonly<Record<(typeof latencyWays)[number], Latencies>>;
  /** HTTP_REQUEST entries of Berth for what it has answered in `throughput`. */
  readonly logged: number;
}

export interface Measured {
  readonly apart: boolean;
  readonly rounds: readonly Round[];
}

const seconds = { warmUp: 3, counted: 6 };
const steadyMs = { warmUpMs: 2_000, measuredMs: 5_000 };

export async function measureGateway(given: BenchmarkRun): Promise<Measured> {
  const programs = await requirePrograms(['nginx', 'caddy', 'wrk']);
  const processors = await divideProcessors();
  await using upstreams = await deployUpstreams(programs.nginx, processors, given.environment);
  const { berth, busy, steady } = upstreams;
  await placeBerth(upstreams, processors);
  const nginxBefore = ({ port }: Upstream) =>
    startNginx({ program: programs.nginx, processors, upstreamPort: port });
  await using busyNginx = await nginxBefore(busy);
  await using caddy = await startCaddy({
    ...{ program: programs.caddy, processors, upstreamPort: busy.port },
  });
  await using steadyNginx = await nginxBefore(steady);
  const waysTo = (upstream: Upstream, nginx: ProxyPlace) => ({
    direct: { url: `http://127.0.0.1:${upstream.port}`, headers: {} },
    nginx,
    Berth: { url: berth.gateway, headers: { Host: upstream.host } },
  });
  const busyWays: Readonly<Record<Way, ProxyPlace>> = {
    ...waysTo(busy, busyNginx),
    Caddy: caddy,
  };
  const steadyWays = waysTo(steady, steadyNginx);
  const load = (way: Way, duration: number): Promise<Throughput> =>
    measureThroughput(processors.others, programs.wrk, {
      ...through(busyWays[way], busy),
      seconds: duration,
    });
  given.progress('warm-up');
  for (const way of ways) await load(way, seconds.warmUp);
  using log = openRequestCount(upstreams);
  const rounds: Round[] = [];
  for (let round = 0; round < given.rounds; round += 1) {
    given.progress(`round ${round + 1} of ${given.rounds}`);
    const before = await log.settled();
    const throughput = await inTurn(ways, round, (way) => load(way, seconds.counted));
    const logged = (await log.settled()) - before;
    const perSecond = Math.floor(throughput.Berth.perSecond / 2);
    const latency = await inTurn(latencyWays, round, (way) =>
      askSteadily(steady.loads, { ...through(steadyWays[way], steady), perSecond, ...steadyMs }),
    );
    rounds.push({ throughput, perSecond, latency, logged });
  }
  return { apart: processors.apart, rounds };
}

function through({ url, headers }: ProxyPlace, { path }: Upstream): ProxyPlace {
  return { url: `${url}${path}`, headers };
}

/** The data plane is what is measured; the control plane and the supervisor have nothing to do with it. */
async function placeBerth({ berth }: DeployedUpstreams, processors: Processors): Promise<void> {
  await processors.moveToMeasured(berth.pidOf('data'));
  await processors.moveToOthers(berth.pidOf('control'));
  await processors.moveToOthers(berth.pidOf('supervisor'));
}

interface RequestCount extends Disposable {
  /** How many entries of it the log store holds, once no more are added: the application itself says nothing. */
  settled(): Promise<number>;
}

/** Longer than lines wait in the data plane for the log store. */
const settledAfterMs = 500;

function openRequestCount({ berth, deploymentId }: DeployedUpstreams): RequestCount {
  const database = new DatabaseSync(dataLayout(berth.dataDirectory).logs, { readOnly: true });
  const statement = database.prepare(
    'SELECT sum(entry_count) AS count FROM log_block WHERE deployment_id = ?',
  );
  const count = (): number => Number(statement.get(deploymentId)?.['count']);
  return {
    async settled() {
      let seen = -1;
      const { answer } = await until('All requests are logged', settledAfterMs, async () => {
        const before = seen;
        seen = count();
        return seen === before ? seen : undefined;
      });
      return answer;
    },
    [Symbol.dispose]: () => database.close(),
  };
}
