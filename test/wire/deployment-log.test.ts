import { describe, expect, test } from 'vitest';
import { dateSchema } from '../../src/wire/deployment-log.ts';

describe('a date of a query', () => {
  test.for([
    ['2026-11-25', '2026-11-25T00:00:00.000Z'],
    ['2026-11-25T09:30', '2026-11-25T09:30:00.000Z'],
    ['2026-11-25T09:30:15', '2026-11-25T09:30:15.000Z'],
    ['2026-11-25T09:30:15.250Z', '2026-11-25T09:30:15.250Z'],
    ['2026-11-25t09:30:15z', '2026-11-25T09:30:15.000Z'],
    ['2026-11-25T09:30:15+01:00', '2026-11-25T08:30:15.000Z'],
    ['2026-11-25T09:30:15.123456-05:30', '2026-11-25T15:00:15.123Z'],
  ])('may be %s', ([text = '', expected]) => {
    expect(new Date(dateSchema.parse(text)).toISOString()).toBe(expected);
  });

  test.for([
    '12',
    '1764061200000',
    'yesterday',
    'Nov 25 2026',
    '25.11.2026',
    '2026-13-01',
    '2026-11-25T25:00:00Z',
    '2026-11-25T09:30:00 01:00',
    '',
  ])('cannot be %s', (text) => {
    expect(dateSchema.safeParse(text).success).toBe(false);
  });
});
