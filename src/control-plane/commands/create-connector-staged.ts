import type { ConnectorContent, ConnectorStaged } from '../../core/connector.ts';
import { apiError, reject, rejectAny } from '../../core/errors.ts';
import { describeFailure } from '../../core/failure.ts';
import { hideCredentials } from '../../core/repository-url.ts';
import { DuplicateKey } from '../../core/store-failure.ts';
import type { RepositoryRef, Source } from '../../ports/source.ts';
import type { ConnectorDraft } from '../../wire/connector-staged.ts';
import { readSpec } from '../sources/read-spec.ts';
import type { CommandDependencies } from './dependencies.ts';

/** Contract §7: the configuration keys come from the repository's `connect.yaml`, so it is read at once. */
export async function createConnectorStaged(
  deps: CommandDependencies,
  projectKey: string,
  draft: ConnectorDraft,
): Promise<ConnectorStaged> {
  refuseTwice(draft.privateProjects ?? []);
  const key = draft.key;
  if (key !== undefined && (await deps.store.connectors.staged(projectKey, { key }))) {
    reject('DuplicateField', { field: 'key', duplicateValue: key });
  }
  const found = await readSpecOrReject(deps.source, draft.repository);
  const now = deps.clock.now();
  const record: ConnectorStaged = {
    id: deps.newId(),
    projectKey,
    ...draft,
    ...found,
    repository: sealCredentials(deps, draft.repository),
    integrationTypes: draft.integrationTypes ?? [],
    supportedRegions: draft.supportedRegions ?? [],
    privateProjects: draft.privateProjects ?? [],
    version: 1,
    status: 'Draft',
    isPreviewable: 'none',
    private: true,
    alreadyListed: false,
    hasChanges: false,
    createdAt: now,
    lastModifiedAt: now,
  };
  try {
    await deps.store.commit([{ kind: 'insert-connector-staged', record }]);
  } catch (error) {
    if (error instanceof DuplicateKey)
      reject('DuplicateField', { field: 'key', duplicateValue: error.key });
    throw error;
  }
  return record;
}

export function sealCredentials(
  { repositories }: Pick<CommandDependencies, 'repositories'>,
  { url, tag }: RepositoryRef,
): RepositoryRef {
  return { url: repositories.seal(url), tag };
}

/** @throws Rejection `DuplicateField` for each project that is there more than once */
function refuseTwice(privateProjects: readonly string[]): void {
  const twice = new Set(privateProjects.filter((one, at) => privateProjects.indexOf(one) !== at));
  rejectAny(
    [...twice].map((duplicateValue) =>
      apiError('DuplicateField', { field: 'privateProjects', duplicateValue }),
    ),
  );
}

/** A request waits this long for a repository. */
const readTimeoutMs = 60_000;

/** @throws Rejection `GitRepositoryNotReachable`, `ConnectorSpecificationFileNotFound` or `…NotValid` */
export async function readSpecOrReject(
  source: Source,
  repository: RepositoryRef,
): Promise<Pick<ConnectorContent, 'commit' | 'spec'>> {
  const found = await readSpec(source, repository, AbortSignal.timeout(readTimeoutMs));
  const shown = { url: hideCredentials(repository.url), tag: repository.tag };
  switch (found.outcome) {
    case 'found':
      return { commit: found.commit, spec: found.spec };
    case 'unreachable':
      return reject('GitRepositoryNotReachable', { detail: describeFailure(found.failure) });
    case 'file-not-found':
      return reject('ConnectorSpecificationFileNotFound', shown);
    case 'not-valid':
      return reject('ConnectorSpecificationFileNotValid', {
        ...shown,
        detail: found.mistakes,
      });
    default:
      return found satisfies never;
  }
}
