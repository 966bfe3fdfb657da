import { expect, test } from 'vitest';
import { conditionHeaders } from '../../src/wire/conditions.ts';

test.for([
  ['"3"', [3]],
  [' "3" ', [3]],
  ['"1", "20"', [1, 20]],
  ['"1","2",', [1, 2]],
  ['*', '*'],
  [' * ', '*'],
] as const)('%s is what is expected', ([text, expected]) => {
  expect(conditionHeaders.parse({ 'if-match': text })).toEqual({ 'if-match': expected });
});

test('without the header nothing is expected', () => {
  expect(conditionHeaders.parse({})).toEqual({});
});

test.for([
  ['', ['Must name a version']],
  [' , ', ['Must name a version']],
  ['3', ['3 is no version in quotes, such as "3"']],
  ['"0"', ['"0" is no version in quotes, such as "3"']],
  ['"03"', ['"03" is no version in quotes, such as "3"']],
  ['"-1"', ['"-1" is no version in quotes, such as "3"']],
  ['"9999999999999999"', ['"9999999999999999" is no version in quotes, such as "3"']],
  ['W/"3"', ['W/"3" is weak; send the ETag as it came, without W/ before it']],
  ['"1", *', ['* stands alone']],
  [
    'one, "2", W/"3"',
    [
      'one is no version in quotes, such as "3"',
      'W/"3" is weak; send the ETag as it came, without W/ before it',
    ],
  ],
  ['"3" "4"', ['"3" "4" is no version in quotes, such as "3"']],
  [`"${'1'.repeat(300)}"`, ['Too big: expected string to have <=256 characters']],
] as const)('%s is refused, naming every mistake', ([text, mistakes]) => {
  const { error } = conditionHeaders.safeParse({ 'if-match': text });
  expect(error?.issues.map(({ message }) => message)).toEqual(mistakes);
});
