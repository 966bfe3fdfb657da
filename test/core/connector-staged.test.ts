import { describe, expect, test } from 'vitest';
import type {
  Connector,
  ConnectorStaged,
  ConnectorStagedStatus,
} from '../../src/core/connector.ts';
import {
  type ConnectorUpdateAction,
  decideConnectorUpdate,
  maxCertificationComments,
  maxPrivateProjects,
} from '../../src/core/connector-staged.ts';
import { Rejection } from '../../src/core/errors.ts';
import { connector, connectorSpec, connectorStaged } from '../support/records.ts';

const now = 9000;
const setRepository: ConnectorUpdateAction = {
  action: 'setRepository',
  repository: { url: 'https://example.com/hello.git', tag: 'v2' },
  found: { commit: 'd'.repeat(40), spec: connectorSpec({ apiClientScopes: ['manage_orders'] }) },
};
const updatePreviewable: ConnectorUpdateAction = {
  action: 'updatePreviewable',
  reportId: 'new-report',
};
const publish: ConnectorUpdateAction = {
  action: 'publish',
  certification: false,
  reportId: 'new-report',
};
const certify: ConnectorUpdateAction = { ...publish, certification: true };
const setName: ConnectorUpdateAction = { action: 'setName', name: 'Renamed' };
const comment: ConnectorUpdateAction = { action: 'addCertificationComment', comment: 'Please' };
const add = (privateProject: string) => ({ action: 'addPrivateProject', privateProject }) as const;
const remove = (privateProject: string) =>
  ({ action: 'removePrivateProject', privateProject }) as const;

const decide = (
  staged: ConnectorStaged,
  actions: readonly ConnectorUpdateAction[],
  published?: Connector,
) => decideConnectorUpdate({ staged, published }, actions, now);
const update = (...given: Parameters<typeof decide>) => decide(...given).staged;

/** The codes of all that is wrong. */
function mistakes(...given: Parameters<typeof decide>): readonly string[] {
  try {
    decide(...given);
  } catch (error) {
    if (error instanceof Rejection) return error.errors.map(({ code }) => code);
    throw error;
  }
  return [];
}

describe('an update', () => {
  test.for<{
    name: string;
    from?: Partial<ConnectorStaged>;
    action: ConnectorUpdateAction;
    to: Partial<ConnectorStaged>;
  }>([
    { name: 'setName', action: setName, to: { name: 'Renamed' } },
    {
      name: 'setDescription',
      action: { action: 'setDescription', description: 'Connects' },
      to: { description: 'Connects' },
    },
    {
      name: 'setDocumentationUrl',
      action: { action: 'setDocumentationUrl', documentationUrl: 'https://example.com' },
      to: { documentationUrl: 'https://example.com' },
    },
    {
      name: 'setIntegrationTypes',
      action: { action: 'setIntegrationTypes', integrationTypes: ['tax', 'psp'] },
      to: { integrationTypes: ['tax', 'psp'] },
    },
    {
      name: 'setSupportedRegions',
      action: { action: 'setSupportedRegions', regions: ['us-east-2.aws'] },
      to: { supportedRegions: ['us-east-2.aws'] },
    },
    {
      name: 'setCreatorName',
      action: { action: 'setCreatorName', creatorName: 'Ada' },
      to: { creator: { email: 'somebody@example.com', name: 'Ada' } },
    },
    {
      name: 'setCreatorTitle',
      action: { action: 'setCreatorTitle', creatorTitle: 'Dr' },
      to: { creator: { email: 'somebody@example.com', title: 'Dr' } },
    },
    {
      name: 'setCreatorEmail',
      action: { action: 'setCreatorEmail', creatorEmail: 'ada@example.com' },
      to: { creator: { email: 'ada@example.com' } },
    },
    {
      name: 'setCreatorCompany',
      action: { action: 'setCreatorCompany', creatorCompany: 'Acme' },
      to: { creator: { email: 'somebody@example.com', company: 'Acme' } },
    },
    {
      name: 'setCreatorNoOfContributors',
      action: { action: 'setCreatorNoOfContributors', creatorNoOfContributors: 7 },
      to: { creator: { email: 'somebody@example.com', noOfContributors: 7 } },
    },
    {
      name: 'setCreatorSupportUrl',
      action: { action: 'setCreatorSupportUrl', creatorSupportUrl: 'https://example.com/help' },
      to: { creator: { email: 'somebody@example.com', supportUrl: 'https://example.com/help' } },
    },
    {
      name: 'setCreatorLogo',
      action: { action: 'setCreatorLogo', logoUrl: 'https://example.com/logo.svg' },
      to: { creator: { email: 'somebody@example.com', logoUrl: 'https://example.com/logo.svg' } },
    },
    {
      name: 'addPrivateProject',
      from: { privateProjects: ['r:one'] },
      action: add('r:two'),
      to: { privateProjects: ['r:one', 'r:two'] },
    },
    {
      name: 'removePrivateProject',
      from: { privateProjects: ['r:one', 'r:two'] },
      action: remove('r:one'),
      to: { privateProjects: ['r:two'] },
    },
    {
      name: 'addCertificationComment',
      action: comment,
      to: { certificationComments: [{ userId: 'project', comment: 'Please', createdAt: now }] },
    },
    {
      name: 'setRepository takes what was found there and asks for a new preview:',
      from: { isPreviewable: 'true', previewReportId: 'old' },
      action: setRepository,
      to: {
        repository: { url: 'https://example.com/hello.git', tag: 'v2' },
        commit: 'd'.repeat(40),
        spec: connectorSpec({ apiClientScopes: ['manage_orders'] }),
        isPreviewable: 'none',
      },
    },
    {
      name: 'setRepository overtakes a preview that runs:',
      from: { isPreviewable: 'pending', previewReportId: 'old' },
      action: setRepository,
      to: { isPreviewable: 'none' },
    },
    {
      name: 'updatePreviewable begins a preview:',
      from: { isPreviewable: 'none' },
      action: updatePreviewable,
      to: { isPreviewable: 'pending', previewReportId: 'new-report' },
    },
    {
      name: 'updatePreviewable after one that failed begins another:',
      from: { isPreviewable: 'false', previewReportId: 'old' },
      action: updatePreviewable,
      to: { isPreviewable: 'pending', previewReportId: 'new-report' },
    },
    {
      name: 'publish begins publishing:',
      from: { status: 'Failed' },
      action: publish,
      to: { status: 'Processing', publishingReportId: 'new-report' },
    },
  ])('$name changes what it says, and the version', ({ from: fields, action, to }) => {
    const from = connectorStaged(fields);
    const record = update(from, [action]);
    expect(record).toMatchObject(to);
    expect(record).toMatchObject({ version: from.version + 1, lastModifiedAt: now });
  });

  test('of several actions takes them in order and raises the version once', () => {
    const from = connectorStaged({ privateProjects: [] });
    const record = update(from, [add('r:one'), add('r:two'), remove('r:one'), setName]);
    expect(record).toMatchObject({
      name: 'Renamed',
      privateProjects: ['r:two'],
      version: from.version + 1,
    });
  });

  test('leaves the other fields of the creator alone', () => {
    const from = connectorStaged({ creator: { email: 'a@b.c', name: 'Ada', company: 'Acme' } });
    const { creator } = update(from, [{ action: 'setCreatorName', creatorName: 'Bob' }]);
    expect(creator).toEqual({ email: 'a@b.c', name: 'Bob', company: 'Acme' });
  });

  test('with an empty text takes an optional field away', () => {
    const full = connectorStaged({
      description: 'x',
      documentationUrl: 'x',
      creator: {
        email: 'a@b.c',
        name: 'x',
        title: 'x',
        company: 'x',
        logoUrl: 'x',
        supportUrl: 'x',
      },
    });
    const record = update(full, [
      { action: 'setDescription', description: '' },
      { action: 'setDocumentationUrl', documentationUrl: '' },
      { action: 'setCreatorName', creatorName: '' },
      { action: 'setCreatorTitle', creatorTitle: '' },
      { action: 'setCreatorCompany', creatorCompany: '' },
      { action: 'setCreatorLogo', logoUrl: '' },
      { action: 'setCreatorSupportUrl', creatorSupportUrl: '' },
    ]);
    expect(record).not.toHaveProperty('description');
    expect(record).not.toHaveProperty('documentationUrl');
    expect(record.creator).toEqual({ email: 'a@b.c' });
  });

  test('by setRepository forgets the report of the preview before', () => {
    const from = connectorStaged({ previewReportId: 'old' });
    expect(update(from, [setRepository])).not.toHaveProperty('previewReportId');
  });

  test('names what is wrong with each action, the same mistake once', () => {
    const from = connectorStaged({ privateProjects: ['r:one'], isPreviewable: 'pending' });
    const actions = [remove('r:none'), add('r:one'), setName, updatePreviewable, remove('r:none')];
    expect(mistakes(from, actions)).toEqual([
      'FieldValueNotFound',
      'DuplicateField',
      'ConnectorStagedPreviewRequestUnderProcess',
    ]);
  });

  test.for([setRepository, setName, add('r:one'), updatePreviewable, publish, certify])(
    'by $action is refused while it is being published',
    (action) => {
      const processing = connectorStaged({ status: 'Processing' });
      expect(mistakes(processing, [action])).toEqual(['ConnectorStagedInvalidStatus']);
      expect(mistakes(connectorStaged(), [publish, action])).toEqual([
        'ConnectorStagedInvalidStatus',
      ]);
    },
  );

  test('may be a comment while it is being published', () => {
    const processing = connectorStaged({ status: 'Processing' });
    expect(update(processing, [comment])).toMatchObject({ status: 'Processing' });
  });

  test.for<ConnectorStagedStatus>([
    'Draft',
    'ReadyForCertification',
    'InCertification',
    'Published',
    'Failed',
  ])('of what it says is allowed in status %s, and leaves that as it is', (status) => {
    const from = connectorStaged({ status, isPreviewable: 'none' });
    for (const action of [setRepository, setName, add('r:one'), updatePreviewable, comment])
      expect(update(from, [action])).toMatchObject({ status, version: from.version + 1 });
  });
});

describe('private projects', () => {
  test('are there once, whatever their region is', () => {
    const from = connectorStaged({ privateProjects: ['r:one'] });
    expect(mistakes(from, [add('r:one')])).toEqual(['DuplicateField']);
    expect(update(from, [add('other:one')]).privateProjects).toEqual(['r:one', 'other:one']);
  });

  test('are bounded in number', () => {
    const privateProjects = Array.from({ length: maxPrivateProjects }, (_, n) => `r:p${n}`);
    expect(mistakes(connectorStaged({ privateProjects }), [add('r:more')])).toEqual([
      'InvalidJsonInput',
    ]);
    expect(mistakes(connectorStaged({ privateProjects }), [remove('r:p0'), add('r:more')])).toEqual(
      [],
    );
  });

  test('are no matter of a public connector', () => {
    const from = connectorStaged({ private: false, privateProjects: ['r:one'] });
    expect(mistakes(from, [add('r:two')])).toEqual(['ConnectorStagedNotPrivate']);
    expect(mistakes(from, [remove('r:one')])).toEqual(['ConnectorStagedNotPrivate']);
  });
});

describe('comments', () => {
  test('stay in their order, and are bounded in number', () => {
    const first = { userId: 'operator', comment: 'No', createdAt: 1 };
    const { certificationComments } = update(connectorStaged({ certificationComments: [first] }), [
      comment,
    ]);
    expect(certificationComments?.map((one) => one.comment)).toEqual(['No', 'Please']);
    const full = Array(maxCertificationComments).fill(first);
    expect(mistakes(connectorStaged({ certificationComments: full }), [comment])).toEqual([
      'InvalidJsonInput',
    ]);
  });
});

describe('hasChanges', () => {
  const published = connector({ privateProjects: ['r:one', 'r:two'] });
  const staged = connectorStaged({
    status: 'Published',
    alreadyListed: true,
    privateProjects: ['r:one', 'r:two'],
  });
  const has = (actions: readonly ConnectorUpdateAction[], from = staged) =>
    update(from, actions, published).hasChanges;

  test('is false while nothing was published', () => {
    expect(update(connectorStaged(), [setName]).hasChanges).toBe(false);
  });

  test.for<ConnectorUpdateAction>([
    setName,
    setRepository,
    add('r:three'),
    remove('r:one'),
    { action: 'setDescription', description: 'x' },
    { action: 'setCreatorCompany', creatorCompany: 'x' },
    { action: 'setIntegrationTypes', integrationTypes: [] },
    { action: 'setSupportedRegions', regions: ['us-east-2.aws'] },
  ])('is true after $action', (action) => {
    expect(has([action])).toBe(true);
  });

  test('is false again once everything is set back, in whatever order', () => {
    const changed = update(staged, [setName, remove('r:one')], published);
    expect(changed.hasChanges).toBe(true);
    expect(has([{ action: 'setName', name: 'Hello' }], changed)).toBe(true);
    expect(has([{ action: 'setName', name: 'Hello' }, add('r:one')], changed)).toBe(false);
  });

  test('is false where only a comment or a preview was asked for', () => {
    expect(has([comment])).toBe(false);
    expect(has([updatePreviewable], { ...staged, isPreviewable: 'none' })).toBe(false);
  });
});

describe('publish', () => {
  const certified = connector({ private: false, certified: true });
  const open = connectorStaged({ private: false, status: 'Published', alreadyListed: true });

  test.for<{ status: ConnectorStagedStatus; action: ConnectorUpdateAction }>([
    { status: 'ReadyForCertification', action: certify },
    { status: 'InCertification', action: certify },
    { status: 'InCertification', action: publish },
  ])('is refused in status $status where an operator has the word', ({ status, action }) => {
    expect(mistakes(connectorStaged({ status }), [action])).toEqual([
      'ConnectorStagedInCertification',
    ]);
  });

  test('without certification takes back a request that nobody has begun with', () => {
    const { candidate: _, ...content } = connectorStaged();
    const from = connectorStaged({ status: 'ReadyForCertification', candidate: content });
    const record = update(from, [publish]);
    expect(record.status).toBe('Processing');
    expect(record).not.toHaveProperty('candidate');
  });

  test('with certification is refused where just that is certified', () => {
    expect(mistakes(open, [certify], certified)).toEqual(['ConnectorAlreadyCertified']);
  });

  test('with certification is taken where something has changed, or it is listed no more', () => {
    expect(update(open, [setName, certify], certified).status).toBe('Processing');
    expect(update(open, [certify], { ...certified, listed: false }).status).toBe('Processing');
  });
});

describe('unlist', () => {
  const open = connectorStaged({ private: false, status: 'Published', alreadyListed: true });
  const certified = connector({ private: false, certified: true });

  test('hides the Connector and leaves it as it is', () => {
    const decided = decide(open, [{ action: 'unlist' }], certified);
    expect(decided.published).toEqual({ ...certified, listed: false });
    expect(decided.staged).toEqual({ ...open, version: open.version + 1, lastModifiedAt: now });
  });

  test('may be asked for again', () => {
    expect(mistakes(open, [{ action: 'unlist' }], { ...certified, listed: false })).toEqual([]);
  });

  test('is refused where nobody else could find it anyway', () => {
    expect(mistakes(connectorStaged(), [{ action: 'unlist' }])).toEqual([
      'ConnectorStagedInvalidStatus',
    ]);
    expect(mistakes(connectorStaged(), [{ action: 'unlist' }], connector())).toEqual([
      'ConnectorStagedInvalidStatus',
    ]);
  });
});
