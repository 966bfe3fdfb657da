import type { RepositoryBox } from '../ports/secret-box.ts';
import type { RepositoryRef, Source } from '../ports/source.ts';

/** A source of repositories whose credentials are sealed: they are opened for it alone. */
export function sourceWithCredentials(source: Source, { open }: RepositoryBox): Source {
  const opened = <R extends RepositoryRef>(repository: R): R => ({
    ...repository,
    url: open(repository.url),
  });
  return {
    resolve: async (repository, signal) => source.resolve(opened(repository), signal),
    readFile: async (at, path, maxBytes) => source.readFile(opened(at), path, maxBytes),
    treeDigest: async (at, path) => source.treeDigest(opened(at), path),
    checkout: async (at, directory, signal) => source.checkout(opened(at), directory, signal),
    prune: (rule) => source.prune(rule),
  };
}
