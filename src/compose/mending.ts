import {
  type MendDependencies,
  mendArtifacts,
} from '../control-plane/operations/mend-artifacts.ts';

const lookMs = 30_000;

/** Looks at the start and then now and then for what serves and has no artifact here, one look at a time. */
export function startMending(
  deps: MendDependencies,
  /** Around each look: what it takes must not be thrown away meanwhile. */
  whileBusy: (work: () => Promise<void>) => Promise<void>,
): AsyncDisposable {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const look = (): void => {
    running ??= whileBusy(() => mendArtifacts(deps, stopping.signal))
      .catch((error: unknown) =>
        deps.logger.warn({ err: error }, 'could not look for missing artifacts'),
      )
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(look, lookMs);
  look();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      stopping.abort(new Error('The control plane stops'));
      await running;
    },
  };
}
