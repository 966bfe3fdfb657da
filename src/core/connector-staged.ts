import {
  type Connector,
  type ConnectorContent,
  type ConnectorStaged,
  contentOf,
} from './connector.ts';
import { reject } from './errors.ts';

/** What a client may ask of a ConnectorStaged (contract §7). One row per action. */
export type ConnectorUpdateAction =
  | {
      readonly action: 'setRepository';
      readonly repository: ConnectorContent['repository'];
      /** Read from the repository before the decision. */
      readonly found: Pick<ConnectorContent, 'commit' | 'spec'>;
    }
  | { readonly action: 'updatePreviewable'; readonly reportId: string }
  | { readonly action: 'publish'; readonly certification: boolean; readonly reportId: string };

type Action<N extends ConnectorUpdateAction['action']> = Extract<
  ConnectorUpdateAction,
  { action: N }
>;
type Decide<N extends ConnectorUpdateAction['action']> = (
  staged: ConnectorStaged,
  action: Action<N>,
) => ConnectorStaged;

const decisions: { readonly [N in ConnectorUpdateAction['action']]: Decide<N> } = {
  setRepository: (staged, { repository, found }) => {
    const { previewReportId: _, ...rest } = staged;
    return { ...rest, ...found, repository, isPreviewable: 'none', hasChanges: true };
  },
  updatePreviewable: (staged, { reportId }) => {
    if (staged.isPreviewable === 'pending') reject('ConnectorStagedPreviewRequestUnderProcess', {});
    return { ...staged, isPreviewable: 'pending', previewReportId: reportId };
  },
  publish: (staged, { reportId }) => ({
    ...staged,
    status: 'Processing',
    publishingReportId: reportId,
  }),
};

/**
 * The record after all actions, its version raised once.
 * @throws Rejection while a publish runs, or where an action does not fit
 */
export function decideConnectorUpdate(
  staged: ConnectorStaged,
  actions: readonly ConnectorUpdateAction[],
  now: number,
): ConnectorStaged {
  const decided = actions.reduce((record, action) => {
    refuseWhilePublishing(record);
    return (decisions[action.action] as Decide<typeof action.action>)(record, action as never);
  }, staged);
  return { ...decided, version: staged.version + 1, lastModifiedAt: now };
}

/** Also an action that comes after `publish` in the same update. */
function refuseWhilePublishing(staged: ConnectorStaged): void {
  if (staged.status === 'Processing') {
    reject('ConnectorStagedInvalidStatus', {
      text: 'The ConnectorStaged is being published and cannot be changed meanwhile',
    });
  }
}

/** A preview or a publish is under way, and will end by itself. */
export function isStagedBusy(staged: Pick<ConnectorStaged, 'isPreviewable' | 'status'>): boolean {
  return staged.isPreviewable === 'pending' || staged.status === 'Processing';
}

/** A finished preview. Raises the version too: clients re-read before they deploy (contract §7). */
export function decidePreviewEnd(
  staged: ConnectorStaged,
  succeeded: boolean,
  now: number,
): ConnectorStaged {
  return {
    ...staged,
    isPreviewable: succeeded ? 'true' : 'false',
    version: staged.version + 1,
    lastModifiedAt: now,
  };
}

/** A finished private publish: the staged record and the Connector that can be deployed from now on. */
export function decidePublished(
  staged: ConnectorStaged,
  previous: Connector | undefined,
  now: number,
): { readonly staged: ConnectorStaged; readonly connector: Connector } {
  const version = staged.version + 1;
  return {
    staged: {
      ...staged,
      status: 'Published',
      alreadyListed: true,
      hasChanges: false,
      version,
      lastModifiedAt: now,
    },
    connector: {
      ...contentOf(staged),
      id: staged.id,
      projectKey: staged.projectKey,
      ...(staged.key === undefined ? {} : { key: staged.key }),
      private: staged.private,
      version,
      certified: previous?.certified ?? false,
      createdAt: previous?.createdAt ?? now,
      lastModifiedAt: now,
    },
  };
}

export function decidePublishFailed(staged: ConnectorStaged, now: number): ConnectorStaged {
  return { ...staged, status: 'Failed', version: staged.version + 1, lastModifiedAt: now };
}

/** A public publish that validated waits for somebody to certify it. */
export function decideReadyForCertification(staged: ConnectorStaged, now: number): ConnectorStaged {
  return {
    ...staged,
    status: 'ReadyForCertification',
    version: staged.version + 1,
    lastModifiedAt: now,
  };
}
