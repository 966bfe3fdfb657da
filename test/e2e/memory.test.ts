import { execa } from 'execa';
import { expect, test } from 'vitest';

/** Less than two of the larger inputs, of which each comes ten times. */
const growthBytes = 4 * 1024 * 1024;

test('the heap of a server is as large after much bad input as before', async () => {
  const program = new URL('./heap-after-bad-input.ts', import.meta.url).pathname;
  const { stdout } = await execa(process.execPath, ['--expose-gc', program]);
  const { warm, grown, refused } = JSON.parse(stdout);

  expect(refused).toBeGreaterThan(100);
  expect(grown, `from ${warm} bytes`).toBeLessThan(growthBytes);
});
