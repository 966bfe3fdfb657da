import type { ConnectorSpec } from '../../core/connector-spec.ts';
import { Failure } from '../../core/failure.ts';
import type { RepositoryRef, Source } from '../../ports/source.ts';
import { parseConnectSpec, printMistakes } from '../../wire/connect-spec.ts';

export type FoundSpec =
  | { readonly outcome: 'found'; readonly commit: string; readonly spec: ConnectorSpec }
  | { readonly outcome: 'unreachable'; readonly failure: Failure }
  | { readonly outcome: 'file-not-found'; readonly commit: string }
  | { readonly outcome: 'not-valid'; readonly commit: string; readonly mistakes: string };

const maxSpecBytes = 1024 * 1024;

/** Resolves the tag and reads `connect.yaml` of the commit it points at. */
export async function readSpec(
  source: Source,
  repository: RepositoryRef,
  signal: AbortSignal,
): Promise<FoundSpec> {
  try {
    const commit = await source.resolve(repository, signal);
    const text = await source.readFile({ ...repository, commit }, 'connect.yaml', maxSpecBytes);
    if (text === undefined) return { outcome: 'file-not-found', commit };
    const parsed = parseConnectSpec(text);
    return 'spec' in parsed
      ? { outcome: 'found', commit, spec: parsed.spec }
      : { outcome: 'not-valid', commit, mistakes: printMistakes(parsed.mistakes) };
  } catch (error) {
    if (error instanceof Failure) return { outcome: 'unreachable', failure: error };
    throw error;
  }
}
