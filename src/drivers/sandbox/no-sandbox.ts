import type { Confined, Program, Sandbox } from './sandbox.ts';

/** Runs programs as they are. */
export const noSandbox: Sandbox = {
  separation: 'none',
  network: 'shared',
  report: { separation: 'none', network: 'shared', memory: 'none', processes: 'none', cpu: 'none' },
  confine: async ({ program, environment }) => asItIs(program, environment),
  canOverlay: false,
  handOver: async () => {},
  handOverNew: async () => {},
  sweep: async () => {},
};

export function asItIs(program: Program, environment: Confined['environment']): Confined {
  return {
    program,
    environment,
    descriptors: [],
    hasMonitor: false,
    watch() {},
    exceeded: async () => undefined,
    [Symbol.asyncDispose]: async () => {},
  };
}
