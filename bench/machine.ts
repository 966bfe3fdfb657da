import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** What a number was measured on: without it, it says nothing. */
export interface Machine {
  readonly system: string;
  readonly cores: number;
  readonly processor: string;
  readonly memoryGb: number;
  readonly node: string;
  /** Of the last minute, before the benchmark began: above `cores`, others were at work too. */
  readonly load: number;
}

export function describeMachine(): Machine {
  return {
    system: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}

export function printMachine(machine: Machine): string {
  const { system, cores, processor, memoryGb, node, load } = machine;
  return `${system}, ${cores} cores (${processor}), ${memoryGb} GB, Node ${node}, load ${load} at the start`;
}
