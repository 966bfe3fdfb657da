import { expect, test } from 'vitest';
import { createMemory } from '../../../../src/drivers/source/git/memory.ts';

function createCounted(limit: number) {
  const asked: string[] = [];
  const memory = createMemory<string | undefined>(limit);
  const ask = (name: string, answer: () => string | undefined = () => name) =>
    memory([name], async () => {
      asked.push(name);
      return answer();
    });
  return { asked, ask };
}

test('what was answered once is not asked again, an absence neither', async () => {
  const { asked, ask } = createCounted(10);

  await ask('there');
  await ask('missing', () => undefined);

  expect([await ask('there'), await ask('missing')]).toEqual(['there', undefined]);
  expect(asked).toEqual(['there', 'missing']);
});

test('a failure is not remembered', async () => {
  const { ask } = createCounted(10);
  const fail = () => {
    throw new Error('broken');
  };

  await expect(ask('one', fail)).rejects.toThrow('broken');

  expect(await ask('one')).toBe('one');
});

test('the oldest answer is forgotten when there are too many', async () => {
  const { asked, ask } = createCounted(2);

  for (const name of ['one', 'two', 'three', 'three', 'two', 'one']) await ask(name);

  expect(asked).toEqual(['one', 'two', 'three', 'one']);
});
