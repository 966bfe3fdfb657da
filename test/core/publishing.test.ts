import { describe, expect, test } from 'vitest';
import {
  decidePreviewEnd,
  decidePublished,
  decidePublishFailed,
} from '../../src/core/publishing.ts';
import { connector, connectorSpec, connectorStaged } from '../support/records.ts';

const now = 9000;
const validated = {
  commit: 'd'.repeat(40),
  spec: connectorSpec({ apiClientScopes: ['manage_orders'] }),
  artifactKeys: ['artifact'],
};

describe('a preview that ended', () => {
  const from = connectorStaged({ isPreviewable: 'pending' });
  const raised = { version: from.version + 1, lastModifiedAt: now };

  test('well keeps what was validated', () => {
    expect(decidePreviewEnd(from, validated, undefined, now)).toEqual({
      ...from,
      ...validated,
      ...raised,
      isPreviewable: 'true',
    });
  });

  test('badly leaves what was there', () => {
    expect(decidePreviewEnd(from, undefined, undefined, now)).toEqual({
      ...from,
      ...raised,
      isPreviewable: 'false',
    });
  });

  test('has changes where the tag has moved since it was published', () => {
    const has = (commit: string) =>
      decidePreviewEnd(from, { ...validated, commit }, connector(), now).hasChanges;
    expect(has(validated.commit)).toBe(true);
    expect(has(from.commit)).toBe(false);
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

  test('keeps when the Connector was first published', () => {
    const previous = connector({ createdAt: 5 });
    const { connector: published } = decidePublished(from, previous, now);
    expect(published).toMatchObject({ createdAt: 5, lastModifiedAt: now });
  });

  test('makes a certified Connector a private one that nobody has certified', () => {
    const previous = connector({ certified: true, private: false, listed: false });
    const decided = decidePublished({ ...from, private: false }, previous, now);
    expect(decided.staged.private).toBe(true);
    expect(decided.connector).toMatchObject({ certified: false, private: true, listed: true });
  });
});

test('a publish that failed leaves status Failed, and what is published as it is', () => {
  const from = connectorStaged({ status: 'Processing', alreadyListed: true });
  expect(decidePublishFailed(from, now)).toEqual({
    ...from,
    status: 'Failed',
    version: from.version + 1,
    lastModifiedAt: now,
  });
});
