import type { CommandResult, RunOptions } from '../../../ports/runtime.ts';
import type { OnLines } from './follow-child.ts';
import type { Launch } from './launch.ts';
import { keepTail } from './tail.ts';

const tailBytes = 8 * 1024;
/** A command that is out of time has this long to tidy up. */
const graceMs = 2_000;

/** Runs a command to its end, or to the end of its time. */
export async function runCommand(
  start: (onLines: OnLines) => Promise<Launch>,
  options: RunOptions,
): Promise<CommandResult> {
  const startedAt = performance.now();
  const tail = keepTail(tailBytes);
  const result = (
    parts: Pick<CommandResult, 'outcome' | 'exitCode' | 'signal' | 'exceeded'>,
  ): CommandResult => ({
    ...parts,
    durationMs: Math.round(performance.now() - startedAt),
    tail: tail.text(),
  });
  if (options.signal.aborted) return result({ outcome: 'aborted', exitCode: null, signal: null });

  const launched = await start((stream, lines) => {
    for (const line of lines.split('\n')) {
      tail.add(options.redact?.(line) ?? line);
      options.onOutput(stream, line);
    }
    return undefined;
  });
  const limit = endWhenDue(launched, options);
  const { code, signal, exceeded } = await launched.finished;
  limit.lift();
  const outcome = limit.reason() ?? (code === 0 ? 'success' : 'failed');
  return result({ outcome, exitCode: code, signal, exceeded });
}

function endWhenDue(launched: Launch, options: RunOptions) {
  let reason: 'timed-out' | 'aborted' | undefined;
  const end = (why: 'timed-out' | 'aborted') => {
    reason ??= why;
    // `finished` tells the end; one that SIGKILL cannot end stays on record.
    launched.end(graceMs).catch(() => undefined);
  };
  const onAbort = () => end('aborted');
  const timer = setTimeout(() => end('timed-out'), options.timeoutMs);
  options.signal.addEventListener('abort', onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  return {
    reason: () => reason,
    lift() {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
    },
  };
}
