import type { Confined, Sandbox } from '../../sandbox/sandbox.ts';
import { workLayout } from './environment.ts';
import type { LaunchSpec } from './launch-spec.ts';

/** A process tree in its sandbox, where that is separate from the machine: its work folder as it is, HOME and TMPDIR in memory. */
export async function confine(
  sandbox: Sandbox,
  launch: {
    readonly work: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly spec: LaunchSpec;
  },
): Promise<Confined> {
  const { work, environment, spec } = launch;
  const { home, temporary, ports, sockets } = workLayout(work);
  const { view } = spec;
  await sandbox.handOverNew(work);
  return sandbox.confine({
    program: spec.command,
    directory: spec.directory,
    environment,
    view: {
      ...view,
      readable: [...view.readable, work],
      scratch: [...view.scratch, home, temporary],
      shared: [...view.shared, ports, sockets],
    },
    limits: spec.limits,
  });
}
