import { expect, test } from 'vitest';
import { printConnector } from '../../src/wire/connector.ts';
import { printDeployment } from '../../src/wire/deployment.ts';
import { connector, deployment } from '../support/records.ts';

test.each([
  ['https://user:canary@example.com/a.git', 'https://***@example.com/a.git'],
  ['https://canary@example.com/a.git', 'https://***@example.com/a.git'],
  ['HTTPS://user:can@ary@example.com/a.git', 'HTTPS://***@example.com/a.git'],
  ['ssh://git:canary@example.com/a.git', 'ssh://git:***@example.com/a.git'],
  ['ssh://git@example.com/a.git', 'ssh://git@example.com/a.git'],
  ['git@example.com:a.git', 'git@example.com:a.git'],
  ['https://example.com/a@b.git', 'https://example.com/a@b.git'],
])('a Connector and a Deployment show %s as %s', (url, shown) => {
  const repository = { url, tag: 'v1' };
  const deployed = { ...deployment().connector, repository };

  expect(printConnector(connector({ repository })).repository).toEqual({ url: shown, tag: 'v1' });
  const printed = printDeployment(deployment({ connector: deployed }), [], 'fixed');
  expect(printed.connector.repository).toEqual({ url: shown, tag: 'v1' });
});
