import type {
  CertificationComment,
  Connector,
  ConnectorContent,
  ConnectorStaged,
  Creator,
} from './connector.ts';
import { differs } from './connector-changes.ts';
import { type ApiError, Rejection, reject, rejectAny } from './errors.ts';

/** What a client may ask of a ConnectorStaged (contract §7), in the API's words. One row per action. */
export type ConnectorUpdateAction =
  | { readonly action: 'setName'; readonly name: string }
  | { readonly action: 'setDescription'; readonly description: string }
  | { readonly action: 'setDocumentationUrl'; readonly documentationUrl: string }
  | {
      readonly action: 'setIntegrationTypes';
      readonly integrationTypes: ConnectorContent['integrationTypes'];
    }
  | {
      readonly action: 'setSupportedRegions';
      readonly regions: ConnectorContent['supportedRegions'];
    }
  | {
      readonly action: 'setRepository';
      readonly repository: ConnectorContent['repository'];
      /** Read from the repository before the decision. */
      readonly found: Pick<ConnectorContent, 'commit' | 'spec'>;
    }
  | { readonly action: 'setCreatorName'; readonly creatorName: string }
  | { readonly action: 'setCreatorTitle'; readonly creatorTitle: string }
  | { readonly action: 'setCreatorEmail'; readonly creatorEmail: string }
  | { readonly action: 'setCreatorCompany'; readonly creatorCompany: string }
  | { readonly action: 'setCreatorNoOfContributors'; readonly creatorNoOfContributors: number }
  | { readonly action: 'setCreatorSupportUrl'; readonly creatorSupportUrl: string }
  | { readonly action: 'setCreatorLogo'; readonly logoUrl: string }
  | { readonly action: 'addPrivateProject'; readonly privateProject: string }
  | { readonly action: 'removePrivateProject'; readonly privateProject: string }
  | { readonly action: 'addCertificationComment'; readonly comment: string }
  | { readonly action: 'updatePreviewable'; readonly reportId: string }
  | { readonly action: 'publish'; readonly certification: boolean; readonly reportId: string }
  | { readonly action: 'unlist' };

/** The draft, and the Connector that was published of it. */
export interface StagedAndPublished {
  readonly staged: ConnectorStaged;
  readonly published: Connector | undefined;
}

type Action<N extends ConnectorUpdateAction['action']> = Extract<
  ConnectorUpdateAction,
  { action: N }
>;
type Decide<N extends ConnectorUpdateAction['action']> = (
  both: StagedAndPublished,
  action: Action<N>,
  now: number,
) => StagedAndPublished;

/** How many `privateProjects` a connector can have. */
export const maxPrivateProjects = 500;
/** How many comments the creator can add to those that are there. */
export const maxCertificationComments = 100;

const decisions: { readonly [N in ConnectorUpdateAction['action']]: Decide<N> } = {
  setName: (both, { name }) => change(both, { name }),
  setDescription: (both, { description }) => changeText(both, 'description', description),
  setDocumentationUrl: (both, { documentationUrl }) =>
    changeText(both, 'documentationUrl', documentationUrl),
  setIntegrationTypes: (both, { integrationTypes }) => change(both, { integrationTypes }),
  setSupportedRegions: (both, { regions }) => change(both, { supportedRegions: regions }),
  setRepository: ({ staged, published }, { repository, found }) => {
    const { previewReportId: _, ...rest } = staged;
    return { published, staged: { ...rest, ...found, repository, isPreviewable: 'none' } };
  },
  setCreatorName: (both, { creatorName }) => changeCreator(both, 'name', creatorName),
  setCreatorTitle: (both, { creatorTitle }) => changeCreator(both, 'title', creatorTitle),
  setCreatorEmail: (both, { creatorEmail }) => changeCreator(both, 'email', creatorEmail),
  setCreatorCompany: (both, { creatorCompany }) => changeCreator(both, 'company', creatorCompany),
  setCreatorNoOfContributors: (both, { creatorNoOfContributors }) =>
    changeCreator(both, 'noOfContributors', creatorNoOfContributors),
  setCreatorSupportUrl: (both, { creatorSupportUrl }) =>
    changeCreator(both, 'supportUrl', creatorSupportUrl),
  setCreatorLogo: (both, { logoUrl }) => changeCreator(both, 'logoUrl', logoUrl),
  addPrivateProject: (both, { privateProject }) => {
    const projects = privateProjectsOf(both.staged);
    if (projects.includes(privateProject))
      reject('DuplicateField', { field: 'privateProject', duplicateValue: privateProject });
    if (projects.length >= maxPrivateProjects)
      reject('InvalidJsonInput', {
        detail: `privateProject: A connector has at most ${maxPrivateProjects} of them`,
      });
    return change(both, { privateProjects: [...projects, privateProject] });
  },
  removePrivateProject: (both, { privateProject }) => {
    const projects = privateProjectsOf(both.staged);
    if (!projects.includes(privateProject))
      reject('FieldValueNotFound', { field: 'privateProject', value: privateProject });
    return change(both, { privateProjects: projects.filter((one) => one !== privateProject) });
  },
  addCertificationComment: (both, { comment }, now) => {
    const { staged } = both;
    if ((staged.certificationComments ?? []).length >= maxCertificationComments)
      reject('InvalidJsonInput', {
        detail: `comment: There are ${maxCertificationComments} already, the most there can be`,
      });
    return change(both, withComment(staged, staged.projectKey, comment, now));
  },
  updatePreviewable: (both, { reportId }) => {
    if (both.staged.isPreviewable === 'pending')
      reject('ConnectorStagedPreviewRequestUnderProcess', {});
    return change(both, { isPreviewable: 'pending', previewReportId: reportId });
  },
  publish: ({ staged, published }, { certification, reportId }) => {
    refuseSecondCertification({ staged, published }, certification);
    const { candidate: _, ...rest } = staged;
    return { published, staged: { ...rest, status: 'Processing', publishingReportId: reportId } };
  },
  unlist: ({ staged, published }) => {
    if (!published?.certified)
      reject('ConnectorStagedInvalidStatus', {
        text: 'Only a certified Connector can be unlisted: no other is listed for everybody',
      });
    return { staged, published: { ...published, listed: false } };
  },
};

/**
 * The records after all actions, the draft's version raised once. The published Connector is another one only where an
 * action is about it.
 * @throws Rejection with what is wrong with each action
 */
export function decideConnectorUpdate(
  before: StagedAndPublished,
  actions: readonly ConnectorUpdateAction[],
  now: number,
): StagedAndPublished {
  const errors: ApiError[] = [];
  const { staged, published } = actions.reduce((both, action) => {
    try {
      refuseWhilePublishing(both.staged, action);
      return (decisions[action.action] as Decide<typeof action.action>)(both, action as never, now);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      errors.push(...error.errors);
      return both;
    }
  }, before);
  rejectAny(distinct(errors));
  return {
    published,
    staged: {
      ...staged,
      hasChanges: published !== undefined && differs(staged, published),
      version: before.staged.version + 1,
      lastModifiedAt: now,
    },
  };
}

/** Also an action that comes after `publish` in the same update. A comment changes nothing that is published. */
function refuseWhilePublishing(staged: ConnectorStaged, { action }: ConnectorUpdateAction): void {
  if (staged.status === 'Processing' && action !== 'addCertificationComment') {
    reject('ConnectorStagedInvalidStatus', {
      text: 'The ConnectorStaged is being published and cannot be changed meanwhile',
    });
  }
}

/** A preview or a publish is under way, and will end by itself. */
export function isStagedBusy(staged: Pick<ConnectorStaged, 'isPreviewable' | 'status'>): boolean {
  return staged.isPreviewable === 'pending' || staged.status === 'Processing';
}

/** Somebody looks at it, or waits to; a private publish takes back a request that nobody has begun with. */
function refuseSecondCertification(
  { staged, published }: StagedAndPublished,
  certification: boolean,
): void {
  const waits = certification && staged.status === 'ReadyForCertification';
  if (waits || staged.status === 'InCertification') reject('ConnectorStagedInCertification', {});
  if (certification && published?.certified && published.listed && !differs(staged, published))
    reject('ConnectorAlreadyCertified', {});
}

/** @throws Rejection `ConnectorStagedNotPrivate`: what everybody may deploy is assigned to nobody */
function privateProjectsOf(staged: ConnectorStaged): readonly string[] {
  if (!staged.private) reject('ConnectorStagedNotPrivate', staged);
  return staged.privateProjects;
}

/** The comments with one more. */
export function withComment(
  staged: ConnectorStaged,
  userId: string,
  comment: string,
  now: number,
): { readonly certificationComments: readonly CertificationComment[] } {
  const said = { userId, comment, createdAt: now };
  return { certificationComments: [...(staged.certificationComments ?? []), said] };
}

function change(both: StagedAndPublished, changes: Partial<ConnectorStaged>): StagedAndPublished {
  return { ...both, staged: { ...both.staged, ...changes } };
}

/** An empty text takes an optional field away. */
function changeText(
  both: StagedAndPublished,
  field: 'description' | 'documentationUrl',
  value: string,
): StagedAndPublished {
  const { [field]: _, ...rest } = both.staged;
  return { ...both, staged: value === '' ? rest : { ...rest, [field]: value } };
}

function changeCreator<F extends keyof Creator>(
  both: StagedAndPublished,
  field: F,
  value: NonNullable<Creator[F]>,
): StagedAndPublished {
  const { [field]: _, ...rest } = both.staged.creator;
  const creator = (value === '' ? rest : { ...rest, [field]: value }) as Creator;
  return change(both, { creator });
}

function distinct(errors: readonly ApiError[]): readonly ApiError[] {
  return [...new Map(errors.map((error) => [error.message, error])).values()];
}
