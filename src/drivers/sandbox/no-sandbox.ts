import type { Confined, Program, Sandbox } from './sandbox.ts';
import { spawnGroup } from './spawn-group.ts';

/** Runs programs as they are. */
export const noSandbox: Sandbox = {
  separation: 'none',
  network: 'shared',
  report: { separation: 'none', network: 'shared', memory: 'none', processes: 'none', cpu: 'none' },
  start: async ({ program, directory, environment, mayBegin }) => {
    await mayBegin?.();
    const leader = await spawnGroup(program, { directory, environment });
    return {
      ...{ ...asItIs(program, environment), leader },
      begun: Promise.resolve(),
      common: Promise.resolve(undefined),
    };
  },
  confine: async ({ program, environment }) => asItIs(program, environment),
  canOverlay: false,
  leaveAt: undefined,
  handOver: async () => {},
  handOverNew: async () => {},
  sweep: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

export function asItIs(program: Program, environment: Confined['environment']): Confined {
  return {
    program,
    environment,
    descriptors: [],
    hasMonitor: false,
    watch: async () => true,
    exceeded: async () => undefined,
    [Symbol.asyncDispose]: async () => {},
  };
}
