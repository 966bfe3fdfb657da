import type { Sandbox, Started } from '../../sandbox/sandbox.ts';
import { workLayout } from './environment.ts';
import type { LaunchSpec } from './launch-spec.ts';
import { canWait, prepareToWait } from './wait-for-leave.ts';
import { hasSocket } from './work-folder.ts';

/** Starts a process tree in its sandbox. Where that is separate from the machine: its work folder as it is, HOME and TMPDIR in memory. */
export async function startConfined(
  sandbox: Sandbox,
  launch: {
    readonly work: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly spec: LaunchSpec;
  },
): Promise<Started> {
  const { work, environment, spec } = launch;
  const { home, temporary, ports, common } = workLayout(work);
  const { view, place } = spec;
  const { leaveAt } = sandbox;
  const waiting =
    leaveAt !== undefined && canWait(spec)
      ? prepareToWait({ work, leaveAt }, spec, environment)
      : undefined;
  await sandbox.handOverNew(work);
  return sandbox.start({
    program: spec.command,
    directory: spec.directory,
    environment,
    view: {
      ...view,
      readable: [...view.readable, work],
      scratch: [...view.scratch, home, temporary],
      shared: [...view.shared, ...(place === undefined || hasSocket(spec) ? [] : [ports])],
      ...(hasSocket(spec) ? { common } : {}),
    },
    ...{ limits: spec.limits, mark: work },
    ...{ mayBegin: spec.mayBegin, waiting },
  });
}
