import { describe, expect, test } from 'vitest';
import { type Shown, shorten } from '../../src/core/audit-log.ts';

describe('what is shown of a resource', () => {
  test('stays as it is while it is small enough', () => {
    const shown = { id: 'a', list: [1, 2], none: null, inner: { text: 'x'.repeat(900) } };
    expect(shorten(shown)).toEqual({ shown, shortened: false });
  });

  test('loses the ends of its lists and texts where it is too large, and says how much', () => {
    const items = Array.from({ length: 30 }, (_, key) => ({ key, value: 'v'.repeat(60) }));
    const { shown, shortened } = shorten({ id: 'a', items, text: 't'.repeat(700) }, 2_500);
    expect(shortened).toBe(true);
    expect(shown).toEqual({
      id: 'a',
      items: [...items.slice(0, 20), '… 10 more'],
      text: `${'t'.repeat(200)}… 500 more characters`,
    });
  });

  test.for([100, 1_000, 10_000, 32_768])('fits into %d characters, whatever it is', (max) => {
    const value = { key: 'k'.repeat(256), value: '"\\\u0001'.repeat(500) };
    const values = Array.from({ length: 100 }, () => value);
    const applications = Array.from({ length: 20 }, () => ({ standard: values, secured: values }));
    const { shown, shortened } = shorten({ applications, id: 'a' }, max);
    expect(JSON.stringify(shown).length).toBeLessThanOrEqual(max);
    expect(shortened).toBe(true);
    expect(shown['id']).toBe('a');
  });

  test('keeps its text well formed', () => {
    const { shown } = shorten({ text: '😀'.repeat(2_000) } as Shown, 300);
    expect(String(shown['text']).isWellFormed()).toBe(true);
  });
});
