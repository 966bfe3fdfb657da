import { expect, test } from 'vitest';
import { holdMs, isOfficialCli, isPoll } from '../../../src/control-plane/api/official-cli.ts';

test('the official CLI is known by its correlation id alone', () => {
  expect(isOfficialCli('commercetools-cli-82e26ccabe2b6b9554ea5484332dac91')).toBe(true);
  expect(isOfficialCli('commercetools-cli-')).toBe(false);
  expect(isOfficialCli('82e26ccabe2b6b9554ea5484332dac91')).toBe(false);
  expect(isOfficialCli(undefined)).toBe(false);
});

test('its first read after a write is a poll, and each that comes a pause after a held answer', () => {
  const pauseMs = 60_000;
  const second = holdMs + pauseMs;
  for (const sinceWriteMs of [0, 12, 300, second + 15, 2 * second + 40])
    expect(isPoll(sinceWriteMs, pauseMs), `${sinceWriteMs} ms`).toBe(true);
});

test('a read in between is none, and is not held', () => {
  for (const sinceWriteMs of [1_500, 20_000, 60_000, holdMs + 59_000, holdMs + 62_000])
    expect(isPoll(sinceWriteMs, 60_000), `${sinceWriteMs} ms`).toBe(false);
});
