import { expect, test } from 'vitest';
import { type ArtifactInputs, artifactKey } from '../../../../src/drivers/builder/node/key.ts';

const inputs: ArtifactInputs = {
  application: 'service',
  type: 'service',
  environment: { A: '1', B: '2' },
  trees: new Map([
    ['service', 'aaa'],
    ['shared', 'bbb'],
  ]),
  tools: ['node 24.1.0', 'npm 11.0.0'],
};

test('the key is the same for the same inputs in any order', () => {
  const other = artifactKey({
    ...inputs,
    environment: { B: '2', A: '1' },
    trees: new Map([...inputs.trees].toReversed()),
    tools: inputs.tools.toReversed(),
  });
  expect(other).toBe(artifactKey(inputs));
  expect(other).toMatch(/^[0-9a-f]{64}$/);
});

test.each<[string, Partial<ArtifactInputs>]>([
  ['name', { application: 'other' }],
  ['type', { type: 'event' }],
  ['environment', { environment: { A: '12', B: '' } }],
  ['trees', { trees: new Map([['service', 'aaa']]) }],
  [
    'place of a tree',
    {
      trees: new Map([
        ['service', 'aaa'],
        ['common', 'bbb'],
      ]),
    },
  ],
  ['tools', { tools: ['node 24.1.1', 'npm 11.0.0'] }],
])('another %s makes another key', (_, change) => {
  expect(artifactKey({ ...inputs, ...change })).not.toBe(artifactKey(inputs));
});
