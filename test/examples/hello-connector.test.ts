import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectorSpecificationParser } from '@commercetools-connect/specification';
import { describe, expect, test } from 'vitest';

const directory = join(import.meta.dirname, '../../examples/hello-connector');

describe('hello-connector', () => {
  test('passes the official validator with one application of each kind', async () => {
    const spec = await new ConnectorSpecificationParser().parse(
      await readFile(join(directory, 'connect.yaml'), 'utf8'),
    );

    expect(spec.deployAs.map(({ name, applicationType }) => [name, applicationType])).toEqual([
      ['hello-service', 'service'],
      ['hello-event', 'event'],
      ['hello-job', 'job'],
      ['hello-assets', 'assets'],
    ]);
  });

  test('has a folder with a lockfile for each application', async () => {
    const applications = (await readdir(directory)).filter((name) => name.startsWith('hello-'));

    for (const application of applications) {
      expect(await readdir(join(directory, application))).toContain('package-lock.json');
    }
    expect(applications).toHaveLength(4);
  });
});
