import { describe, expect, test } from 'vitest';
import type { ConnectorStagedStatus } from '../../src/core/connector.ts';
import {
  type ConnectorUpdateAction,
  decideConnectorUpdate,
  decidePreviewEnd,
  decidePublished,
  decidePublishFailed,
  decideReadyForCertification,
} from '../../src/core/connector-staged.ts';
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

describe('an update', () => {
  test.for([
    {
      name: 'setRepository takes what was found there and asks for a new preview',
      from: connectorStaged({ isPreviewable: 'true', previewReportId: 'old' }),
      action: setRepository,
      to: {
        repository: { url: 'https://example.com/hello.git', tag: 'v2' },
        commit: 'd'.repeat(40),
        spec: connectorSpec({ apiClientScopes: ['manage_orders'] }),
        isPreviewable: 'none',
        hasChanges: true,
      },
    },
    {
      name: 'setRepository overtakes a preview that runs',
      from: connectorStaged({ isPreviewable: 'pending', previewReportId: 'old' }),
      action: setRepository,
      to: { isPreviewable: 'none' },
    },
    {
      name: 'updatePreviewable begins a preview',
      from: connectorStaged({ isPreviewable: 'none' }),
      action: updatePreviewable,
      to: { isPreviewable: 'pending', previewReportId: 'new-report' },
    },
    {
      name: 'updatePreviewable after one that failed begins another',
      from: connectorStaged({ isPreviewable: 'false', previewReportId: 'old' }),
      action: updatePreviewable,
      to: { isPreviewable: 'pending', previewReportId: 'new-report' },
    },
    {
      name: 'publish begins publishing',
      from: connectorStaged({ status: 'Failed' }),
      action: publish,
      to: { status: 'Processing', publishingReportId: 'new-report' },
    },
  ])('$name', ({ from, action, to }) => {
    const record = decideConnectorUpdate(from, [action], now);
    expect(record).toMatchObject(to);
    expect(record).toMatchObject({ version: from.version + 1, lastModifiedAt: now });
  });

  test('setRepository forgets the report of the preview before', () => {
    const from = connectorStaged({ previewReportId: 'old' });
    expect(decideConnectorUpdate(from, [setRepository], now)).not.toHaveProperty('previewReportId');
  });

  test('a second preview is refused while one runs', () => {
    const pending = connectorStaged({ isPreviewable: 'pending' });
    expect(() => decideConnectorUpdate(pending, [updatePreviewable], now)).toThrow(
      'The ConnectorStaged preview request is already in progress',
    );
  });

  test.for([setRepository, updatePreviewable, publish])(
    '$action is refused while it is being published',
    (action) => {
      const processing = connectorStaged({ status: 'Processing' });
      expect(() => decideConnectorUpdate(processing, [action], now)).toThrow('is being published');
    },
  );

  test.for<ConnectorStagedStatus>(['Draft', 'ReadyForCertification', 'Published', 'Failed'])(
    'anything is allowed in status %s',
    (status) => {
      const from = connectorStaged({ status, isPreviewable: 'none' });
      for (const action of [setRepository, updatePreviewable, publish])
        expect(decideConnectorUpdate(from, [action], now).version).toBe(from.version + 1);
    },
  );
});

test.for([
  { succeeded: true, isPreviewable: 'true' },
  { succeeded: false, isPreviewable: 'false' },
])('a preview that ended ($succeeded) says $isPreviewable and raises the version', (row) => {
  const from = connectorStaged({ isPreviewable: 'pending' });
  const { isPreviewable } = row;
  expect(decidePreviewEnd(from, row.succeeded, now)).toEqual({
    ...from,
    isPreviewable,
    version: from.version + 1,
    lastModifiedAt: now,
  });
});

describe('a publish that succeeded', () => {
  const from = connectorStaged({
    key: 'hello',
    status: 'Processing',
    hasChanges: true,
    previewReportId: 'preview',
    publishingReportId: 'publishing',
    artifactKeys: ['artifact'],
  });

  test('makes a Connector of the same id and version, without what belongs to the draft', () => {
    const { staged, connector: published } = decidePublished(from, undefined, now);
    expect(staged).toEqual({
      ...from,
      status: 'Published',
      alreadyListed: true,
      hasChanges: false,
      version: from.version + 1,
      lastModifiedAt: now,
    });
    expect(published).toEqual(
      connector({ key: 'hello', version: from.version + 1, createdAt: now, lastModifiedAt: now }),
    );
  });

  test('keeps when the Connector was first published, and its certificate', () => {
    const previous = connector({ certified: true, createdAt: 5 });
    const { connector: published } = decidePublished(from, previous, now);
    expect(published).toMatchObject({ certified: true, createdAt: 5, lastModifiedAt: now });
  });
});

test.for([
  { name: 'failed', decide: decidePublishFailed, status: 'Failed' },
  { name: 'validated', decide: decideReadyForCertification, status: 'ReadyForCertification' },
])('a publish that $name leaves status $status', ({ decide, status }) => {
  const from = connectorStaged({ status: 'Processing', alreadyListed: true });
  const version = from.version + 1;
  expect(decide(from, now)).toEqual({ ...from, status, version, lastModifiedAt: now });
});
