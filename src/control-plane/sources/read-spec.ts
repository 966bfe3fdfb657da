import type { ConnectorSpec } from '../../core/connector-spec.ts';
import { DiskFull, Failure, SourceFailure } from '../../core/failure.ts';
import type { PinnedRepository, RepositoryRef, Source } from '../../ports/source.ts';
import {
  type ParsedConnectSpec,
  parseConnectSpec,
  printMistakes,
} from '../../wire/connect-spec.ts';
import { wholeFile } from '../../wire/mistake.ts';

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
    const parsed = await readAndParse(source, { ...repository, commit });
    if (parsed === undefined) return { outcome: 'file-not-found', commit };
    return 'spec' in parsed
      ? { outcome: 'found', commit, spec: parsed.spec }
      : { outcome: 'not-valid', commit, mistakes: printMistakes(parsed.mistakes) };
  } catch (error) {
    if (error instanceof Failure && !(error instanceof DiskFull))
      return { outcome: 'unreachable', failure: error };
    throw error;
  }
}

/** A file that is too large is the document's mistake: the repository was reached. */
async function readAndParse(
  source: Source,
  at: PinnedRepository,
): Promise<ParsedConnectSpec | undefined> {
  try {
    const text = await source.readFile(at, 'connect.yaml', maxSpecBytes);
    return text === undefined ? undefined : parseConnectSpec(text);
  } catch (error) {
    if (!(error instanceof SourceFailure && error.reason === 'too-large')) throw error;
    return { mistakes: [{ path: wholeFile, message: error.message }] };
  }
}
