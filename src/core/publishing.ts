import {
  type Connector,
  type ConnectorContent,
  type ConnectorStaged,
  contentOf,
} from './connector.ts';
import { differs } from './connector-changes.ts';

/** What becomes of a ConnectorStaged when a preview or publish ends. Each raises the version (contract §7). */

/** What validation read, which may be newer than what the draft took. */
export type Validated = Pick<ConnectorContent, 'commit' | 'spec'> &
  Required<Pick<ConnectorStaged, 'artifactKeys'>>;

/** `validated` is absent where the preview failed. */
export function decidePreviewEnd(
  staged: ConnectorStaged,
  validated: Validated | undefined,
  published: Connector | undefined,
  now: number,
): ConnectorStaged {
  const checked = { ...staged, ...validated };
  return {
    ...checked,
    isPreviewable: validated === undefined ? 'false' : 'true',
    hasChanges: published !== undefined && differs(checked, published),
    version: staged.version + 1,
    lastModifiedAt: now,
  };
}

/** A preview that was cancelled says nothing of the connector: it is as if nobody had asked. */
export function decidePreviewCancelled(staged: ConnectorStaged, now: number): ConnectorStaged {
  return { ...staged, isPreviewable: 'none', version: staged.version + 1, lastModifiedAt: now };
}

/**
 * A finished private publish: the staged record and the Connector that can be deployed from now on, in the projects it is
 * assigned to. A Connector that was certified is so no more: nobody has looked at this one.
 */
export function decidePublished(
  staged: ConnectorStaged,
  previous: Connector | undefined,
  now: number,
): { readonly staged: ConnectorStaged; readonly connector: Connector } {
  return publish(staged, contentOf(staged), { previous, certified: false, now });
}

export function decidePublishFailed(staged: ConnectorStaged, now: number): ConnectorStaged {
  return { ...staged, status: 'Failed', version: staged.version + 1, lastModifiedAt: now };
}

/** Makes `content` the Connector: what the draft says, or said when its certification began. */
export function publish(
  staged: ConnectorStaged,
  content: ConnectorContent,
  given: {
    readonly previous: Connector | undefined;
    readonly certified: boolean;
    readonly now: number;
  },
): { readonly staged: ConnectorStaged; readonly connector: Connector } {
  const { previous, certified, now } = given;
  const { candidate: _, ...rest } = staged;
  const version = staged.version + 1;
  return {
    staged: {
      ...rest,
      status: 'Published',
      private: !certified,
      alreadyListed: true,
      hasChanges: differs(staged, content),
      version,
      lastModifiedAt: now,
    },
    connector: {
      ...content,
      id: staged.id,
      projectKey: staged.projectKey,
      ...(staged.key === undefined ? {} : { key: staged.key }),
      private: !certified,
      version,
      certified,
      listed: true,
      createdAt: previous?.createdAt ?? now,
      lastModifiedAt: now,
    },
  };
}
