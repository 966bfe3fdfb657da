import { describe, expect, test } from 'vitest';
import {
  type CertificationStep,
  certificationSteps,
  decideCertification,
  decideReadyForCertification,
} from '../../src/core/certification.ts';
import {
  type Connector,
  type ConnectorStaged,
  connectorStagedStatuses,
  contentOf,
} from '../../src/core/connector.ts';
import { connector, connectorStaged } from '../support/records.ts';

const now = 9000;
const decide = (staged: ConnectorStaged, step: CertificationStep, published?: Connector) =>
  decideCertification({ staged, published }, { step }, now);

test('what validated waits for certification, just as it is', () => {
  const from = connectorStaged({ status: 'Processing' });
  expect(decideReadyForCertification(from, now)).toEqual({
    ...from,
    status: 'ReadyForCertification',
    candidate: contentOf(from),
    version: from.version + 1,
    lastModifiedAt: now,
  });
});

describe('an operator', () => {
  const allowed: Readonly<Record<CertificationStep, readonly string[]>> = {
    start: ['ReadyForCertification'],
    approve: ['InCertification'],
    reject: ['ReadyForCertification', 'InCertification'],
  };

  test.for(
    certificationSteps.flatMap((step) =>
      connectorStagedStatuses.map((status) => ({ step, status })),
    ),
  )('asking to $step in status $status is answered by the table', ({ step, status }) => {
    const attempt = () => decide(connectorStaged({ status }), step);
    if (allowed[step].includes(status)) expect(attempt().staged.version).toBe(4);
    else expect(attempt).toThrow(`in status ${status}, but to ${step} its certification`);
  });

  test('begins', () => {
    const from = connectorStaged({ status: 'ReadyForCertification' });
    expect(decide(from, 'start')).toEqual({
      staged: { ...from, status: 'InCertification', version: 4, lastModifiedAt: now },
    });
  });

  test('sends it back with a comment', () => {
    const from = connectorStaged({
      status: 'InCertification',
      candidate: contentOf(connectorStaged()),
      certificationComments: [{ userId: 'project', comment: 'Please', createdAt: 1 }],
    });
    const asked = { step: 'reject', comment: 'Not yet' } as const;
    const { staged, connector: made } = decideCertification(
      { staged: from, published: undefined },
      asked,
      now,
    );
    expect(made).toBeUndefined();
    expect(staged).not.toHaveProperty('candidate');
    expect(staged).toMatchObject({
      status: 'Draft',
      private: true,
      version: 4,
      certificationComments: [
        { userId: 'project', comment: 'Please', createdAt: 1 },
        { userId: 'operator', comment: 'Not yet', createdAt: now },
      ],
    });
  });

  test('approves: a public Connector that is certified and listed', () => {
    const from = connectorStaged({ status: 'InCertification', key: 'hello' });
    const decided = decide(from, 'approve');
    expect(decided.staged).toMatchObject({
      status: 'Published',
      private: false,
      alreadyListed: true,
      hasChanges: false,
      version: 4,
    });
    expect(decided.connector).toEqual(
      connector({
        key: 'hello',
        version: 4,
        private: false,
        certified: true,
        createdAt: now,
        lastModifiedAt: now,
      }),
    );
  });

  test('approves what was validated, not what the draft says since', () => {
    const validated = connectorStaged({ status: 'Processing', name: 'Looked at' });
    const waiting = decideReadyForCertification(validated, now);
    const changed = { ...waiting, name: 'Changed since', status: 'InCertification' as const };
    const { staged, connector: made } = decide(changed, 'approve', connector({ createdAt: 5 }));
    expect(made).toMatchObject({ name: 'Looked at', createdAt: 5 });
    expect(staged).toMatchObject({ name: 'Changed since', hasChanges: true });
    expect(staged).not.toHaveProperty('candidate');
  });
});
