import { describe, expect, test } from 'vitest';
import { isVisibleTo } from '../../src/core/connector.ts';
import { snapshotConnector } from '../../src/core/deployment.ts';
import { connector, connectorStaged } from '../support/records.ts';

describe('a connector', () => {
  test.for([
    { who: 'everybody where it is public', record: { private: false }, visible: true },
    { who: 'nobody else where it is private', record: { private: true }, visible: false },
    { who: 'its own project', record: { private: true, projectKey: 'asker' }, visible: true },
    {
      who: 'a project it names',
      record: { private: true, privateProjects: ['europe-west1.gcp:asker'] },
      visible: true,
    },
    {
      who: 'not a project whose key only begins the same',
      record: { private: true, privateProjects: ['europe-west1.gcp:asker-2', 'asker:other'] },
      visible: false,
    },
  ])('is visible to $who: $visible', ({ record, visible }) => {
    const one = { projectKey: 'owner', privateProjects: [], ...record };
    expect(isVisibleTo(one, 'asker')).toBe(visible);
  });
});

describe('the snapshot in a Deployment', () => {
  test('of a published Connector says whether it is certified', () => {
    const { id, version, name, commit } = connector();
    expect(snapshotConnector(connector({ key: 'k', certified: true }))).toMatchObject({
      id,
      key: 'k',
      version,
      name,
      commit,
      certified: true,
      staged: false,
    });
  });

  test('of a ConnectorStaged has nothing of its life as a draft', () => {
    const staged = connectorStaged({ previewReportId: 'report', artifactKeys: ['artifact'] });
    const snapshot = snapshotConnector(staged);
    expect(snapshot).toMatchObject({ certified: false, staged: true });
    for (const field of ['status', 'isPreviewable', 'previewReportId', 'artifactKeys', 'key'])
      expect(snapshot).not.toHaveProperty(field);
  });

  test('keeps a description and a link only where there are some', () => {
    const more = { description: 'd', documentationUrl: 'https://example.com' };
    expect(snapshotConnector(connector(more))).toMatchObject(more);
    expect(Object.keys(snapshotConnector(connector()))).not.toContain('description');
  });
});
