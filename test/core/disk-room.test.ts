import { describe, expect, test } from 'vitest';
import {
  defaultBudgetBytes,
  defaultFloorBytes,
  printBytes,
  requireRoom,
} from '../../src/core/disk-room.ts';
import { DiskFull, explainFullDisk } from '../../src/core/failure.ts';

const mib = 1024 ** 2;
const gib = 1024 ** 3;

test.for([
  { disk: 64 * mib, floor: 6.4 * mib },
  { disk: 20 * gib, floor: gib },
  { disk: 100 * gib, floor: 2 * gib },
  { disk: 4096 * gib, floor: 10 * gib },
])('of a disk of $disk bytes $floor stay free', ({ disk, floor }) => {
  expect(defaultFloorBytes(disk)).toBeCloseTo(floor);
});

test('a budget is a share of a small disk and bounded on a large one', () => {
  expect(defaultBudgetBytes('artifacts', 10 * gib)).toBe(2 * gib);
  expect(defaultBudgetBytes('artifacts', 10_000 * gib)).toBe(20 * gib);
});

describe('new work', () => {
  const room = { folder: '/data', freeBytes: 100 * mib, totalBytes: 10 * gib };

  test('is taken down to the floor', () => {
    expect(() => requireRoom(room, 100 * mib)).not.toThrow();
  });

  test('is refused below it, with what to do', () => {
    const refused = expect(() => requireRoom(room, gib));
    refused.toThrow(DiskFull);
    refused.toThrow(
      'The disk of /data is nearly full: 100.0 MiB of 10.0 GiB are free, and new work needs 1.0 GiB. What runs goes on.',
    );
  });
});

test('what the operating system says of a full disk gets a next step; other errors stay as they are', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
  });
  expect(explainFullDisk(full)).toMatchObject({
    name: 'DiskFull',
    cause: full,
    nextStep: expect.stringContaining('Make room'),
  });
  const other = new Error('other');
  expect(explainFullDisk(other)).toBe(other);
});

test.for([
  [10, '1 KiB'],
  [1.5 * mib, '1.5 MiB'],
  [2 * gib, '2.0 GiB'],
] as const)('%d bytes are printed as %s', ([bytes, text]) => {
  expect(printBytes(bytes)).toBe(text);
});
