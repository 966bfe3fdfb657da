import { DatabaseSync } from 'node:sqlite';
import { execa } from 'execa';
import { dataLayout } from '../../src/compose/data-layout.ts';
import type { BenchmarkRun } from '../benchmark-command.ts';
import { divideProcessors, type Processors } from '../http/processors.ts';
import { requirePrograms } from '../http/programs.ts';
import { inTurn } from '../http/turns.ts';
import { measureThroughput, type Throughput } from '../http/wrk.ts';
import { until } from '../redeploy/until.ts';
import { type ProxyPlace, startCaddy, startNginx } from './proxies.ts';
import type { Latencies, SteadyLoad } from './steady-load.ts';
import { type DeployedUpstream, deployUpstream } from './upstream.ts';

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
  await using upstream = await deployUpstream(programs.nginx, processors, given.environment);
  await placeBerth(upstream, processors);
  const setting = { processors, upstreamPort: upstream.port };
  await using nginx = await startNginx({ program: programs.nginx, ...setting });
  await using caddy = await startCaddy({ program: programs.caddy, ...setting });
  const proxies: Readonly<Record<Way, ProxyPlace>> = {
    direct: { url: `http://127.0.0.1:${upstream.port}`, headers: {} },
    nginx,
    Caddy: caddy,
    Berth: { url: upstream.berth.gateway, headers: { Host: upstream.host } },
  };
  const load = (way: Way, duration: number): Promise<Throughput> =>
    measureThroughput(processors.others, programs.wrk, {
      ...proxies[way],
      url: `${proxies[way].url}/upstream`,
      seconds: duration,
    });
  given.progress('warm-up');
  for (const way of ways) await load(way, seconds.warmUp);
  using log = openRequestCount(upstream);
  const rounds: Round[] = [];
  for (let round = 0; round < given.rounds; round += 1) {
    given.progress(`round ${round + 1} of ${given.rounds}`);
    const before = await log.settled();
    const throughput = await inTurn(ways, round, (way) => load(way, seconds.counted));
    const logged = (await log.settled()) - before;
    const perSecond = Math.floor(throughput.Berth.perSecond / 2);
    const latency = await inTurn(latencyWays, round, (way) =>
      measureLatency(processors, {
        ...{ url: `${proxies[way].url}/upstream`, headers: proxies[way].headers },
        ...{ perSecond, ...steadyMs },
      }),
    );
    rounds.push({ throughput, perSecond, latency, logged });
  }
  return { apart: processors.apart, rounds };
}

/** The data plane is what is measured; the control plane and the supervisor have nothing to do with it. */
async function placeBerth({ berth }: DeployedUpstream, processors: Processors): Promise<void> {
  await processors.moveToMeasured(berth.pidOf('data'));
  await processors.moveToOthers(berth.pidOf('control'));
  await processors.moveToOthers(berth.pidOf('supervisor'));
}

async function measureLatency(processors: Processors, load: SteadyLoad): Promise<Latencies> {
  const program = new URL('./steady-load.ts', import.meta.url).pathname;
  const [file, ...args] = processors.others([process.execPath, program, JSON.stringify(load)]);
  const { stdout } = await execa(file, args, { stdin: 'ignore' });
  return JSON.parse(stdout) as Latencies;
}

interface RequestCount extends Disposable {
  /** How many entries of it the log store holds, once no more are added: the application itself says nothing. */
  settled(): Promise<number>;
}

/** Longer than lines wait in the data plane for the log store. */
const settledAfterMs = 500;

function openRequestCount({ berth, deploymentId }: DeployedUpstream): RequestCount {
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
