import { describe, expect, test } from 'vitest';
import { expectationOf, expectations } from './expectations.ts';

describe('expectations', () => {
  test('are found by the repository’s or the folder’s name', () => {
    const hello = expectations['hello-connector'];
    expect(expectationOf({ name: 'hello-connector', folderName: undefined })).toBe(hello);
    expect(expectationOf({ name: 'berth', folderName: 'hello-connector' })).toBe(hello);
    expect(expectationOf({ name: 'toString', folderName: undefined })).toBeUndefined();
  });

  test('point destinations at applications that are probed', () => {
    for (const { probes, afterDeploy = [] } of Object.values(expectations)) {
      for (const check of afterDeploy) {
        if ('destination' in check) expect(probes).toHaveProperty(check.destination ?? '');
      }
    }
  });
});
