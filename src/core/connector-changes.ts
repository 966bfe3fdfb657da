import { type ConnectorContent, contentOf } from './connector.ts';

/**
 * Whether the draft says something else than what was published (contract §7, `hasChanges`). It is the content that
 * counts, not how it came about: a value that is set back is no change, nor is another order of a list that has none.
 */
export function differs(staged: ConnectorContent, published: ConnectorContent): boolean {
  return fingerprint(staged) !== fingerprint(published);
}

/** What `connect.yaml` says follows from the commit. */
function fingerprint(connector: ConnectorContent): string {
  const { spec: _, ...content } = contentOf(connector);
  return JSON.stringify({
    ...content,
    description: content.description ?? '',
    repository: sorted(content.repository),
    creator: sorted(content.creator),
    integrationTypes: content.integrationTypes.toSorted(),
    supportedRegions: content.supportedRegions.toSorted(),
    privateProjects: content.privateProjects.toSorted(),
  });
}

function sorted(record: object): readonly (readonly [string, unknown])[] {
  return Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1));
}
