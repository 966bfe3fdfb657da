import { describe, expect, test } from 'vitest';
import {
  classifyLine,
  isSeverity,
  lineCutMark,
  maxLineCharacters,
} from '../../src/core/log-line.ts';

const esc = '\u001B';

describe('a line of text', () => {
  test('is a message of no particular severity', () => {
    expect(classifyLine('Server listening')).toEqual({
      type: 'APPLICATION_TEXT',
      severity: 'DEFAULT',
      details: { message: 'Server listening' },
    });
  });

  test.each([
    ['a colour', `${esc}[31mred${esc}[0m text`, 'red text'],
    ['many colours', `${esc}[1;38;5;196mred${esc}[39;49m`, 'red'],
    ['a cursor movement', `${esc}[2K${esc}[1Gdone`, 'done'],
    ['a link', `${esc}]8;;http://x${esc}\\here${esc}]8;;${esc}\\`, 'here'],
    ['a title', `${esc}]0;title\u0007text`, 'text'],
    ['a character set', `${esc}(Btext`, 'text'],
    ['one-byte sequences', '\u009B31mred\u009B0m', 'red'],
    ['an unfinished sequence', `text${esc}`, `text${esc}`],
    ['a line end of Windows', 'text\r', 'text'],
  ])('loses %s', (_what, line, message) => {
    expect(classifyLine(line).details).toEqual({ message });
  });

  test.each([
    [`${esc}[32minfo${esc}[39m: started`, 'INFO', 'info: started'],
    [`${esc}[31merror: it broke${esc}[39m`, 'ERROR', 'error: it broke'],
    ['warn: soon', 'WARNING', 'warn: soon'],
    ['debug: x', 'DEBUG', 'debug: x'],
    ['information about: x', 'DEFAULT', 'information about: x'],
    ['Error: boom', 'DEFAULT', 'Error: boom'],
    ['TypeError: boom', 'DEFAULT', 'TypeError: boom'],
    ['note: x', 'DEFAULT', 'note: x'],
    ['error', 'DEFAULT', 'error'],
    ['constructor: x', 'DEFAULT', 'constructor: x'],
  ])('"%s" has severity %s by its prefix', (line, severity, message) => {
    expect(classifyLine(line)).toEqual({
      type: 'APPLICATION_TEXT',
      severity,
      details: { message },
    });
  });

  test.each([
    '',
    '[1, 2]',
    '"text"',
    '5',
    'null',
    '{broken',
    '{"a":1} and more',
    ' {"a":1}',
    '{}{}',
  ])('may look like JSON and be none: %j', (line) => {
    expect(classifyLine(line)).toMatchObject({
      type: 'APPLICATION_TEXT',
      details: { message: line },
    });
  });
});

describe('a line that is a JSON object', () => {
  test('keeps its fields as details', () => {
    const json = '{"level":30,"time":1,"msg":"hello","nested":{"a":[1]}}';
    expect(classifyLine(json)).toEqual({
      json,
      type: 'APPLICATION_JSON',
      severity: 'INFO',
      details: { level: 30, time: 1, msg: 'hello', nested: { a: [1] } },
    });
  });

  test('may be coloured as a whole', () => {
    expect(classifyLine(`${esc}[36m{"a":1}${esc}[39m`).details).toEqual({ a: 1 });
  });

  test.each([
    ['{}', 'DEFAULT'],
    ['{"severity":"ERROR"}', 'ERROR'],
    ['{"severity":"notice"}', 'NOTICE'],
    ['{"severity":"Emergency"}', 'EMERGENCY'],
    ['{"level":"warn"}', 'WARNING'],
    ['{"level":"WARNING"}', 'WARNING'],
    ['{"level":"fatal"}', 'CRITICAL'],
    ['{"level":"trace"}', 'DEBUG'],
    ['{"level":"silly"}', 'DEBUG'],
    ['{"level":"http"}', 'INFO'],
    ['{"level":"emerg"}', 'EMERGENCY'],
    ['{"level":"alert"}', 'ALERT'],
    ['{"level":"loud"}', 'DEFAULT'],
    ['{"severity":"ALERT","level":"info"}', 'ALERT'],
    ['{"severity":"unheard","level":"info"}', 'INFO'],
    ['{"severity":null,"level":50}', 'ERROR'],
    ['{"level":10}', 'DEBUG'],
    ['{"level":20}', 'DEBUG'],
    ['{"level":30}', 'INFO'],
    ['{"level":35}', 'INFO'],
    ['{"level":40}', 'WARNING'],
    ['{"level":50}', 'ERROR'],
    ['{"level":60}', 'CRITICAL'],
    ['{"level":0}', 'DEFAULT'],
    ['{"level":1000}', 'DEFAULT'],
    ['{"level":-1e999}', 'DEFAULT'],
    ['{"level":true}', 'DEFAULT'],
    ['{"level":["error"]}', 'DEFAULT'],
    ['{"level":"toString"}', 'DEFAULT'],
  ])('%s has severity %s', (line, severity) => {
    expect(classifyLine(line)).toMatchObject({ type: 'APPLICATION_JSON', severity });
  });

  test.each([
    '{"__proto__":{"severity":"ERROR","polluted":true},"a":1}',
    '{"\\u005f_proto__":{"severity":"ERROR","polluted":true},"a":1}',
    '{"__proto__":null,"a":1}',
  ])('cannot bring a prototype: %s', (line) => {
    const { details, severity } = classifyLine(line);
    expect(severity).toBe('DEFAULT');
    expect(Object.keys(details)).toEqual(['a']);
    const copy: Record<string, unknown> = Object.assign({}, details);
    expect(copy['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  test('cannot bring a prototype further down', () => {
    const { details } = classifyLine('{"a":[{"__proto__":{"x":1},"b":"\\u00e4"}]}');
    expect(JSON.stringify(details)).toBe('{"a":[{"b":"ä"}]}');
  });

  test.each([
    ['objects', `${'{"a":'.repeat(8000)}1${'}'.repeat(8000)}`],
    ['lists', `{"a":${'['.repeat(8000)}${']'.repeat(8000)}}`],
  ])('is kept as text when it nests too many %s', (_what, line) => {
    expect(classifyLine(line)).toMatchObject({
      type: 'APPLICATION_TEXT',
      details: { message: line },
    });
  });
});

test('a line of escapes and nesting that no parser survives is text or JSON, never an exception', () => {
  const line = `${'{"__proto__":'.repeat(4000)}1${'}'.repeat(4000)}`;
  expect(classifyLine(line).type).toMatch(/^APPLICATION_/);
});

describe('a line that is too long', () => {
  test('is cut, with a mark', () => {
    const { details } = classifyLine('x'.repeat(maxLineCharacters + 1));
    expect(details).toEqual({ message: 'x'.repeat(maxLineCharacters) + lineCutMark });
  });

  test('is left whole at exactly the bound', () => {
    const line = 'x'.repeat(maxLineCharacters);
    expect(classifyLine(line).details).toEqual({ message: line });
  });

  test('is text, even where it was JSON', () => {
    const { type } = classifyLine(JSON.stringify({ message: 'x'.repeat(maxLineCharacters) }));
    expect(type).toBe('APPLICATION_TEXT');
  });

  test('is not cut through a character', () => {
    const { details } = classifyLine(`x${'😀'.repeat(maxLineCharacters)}`);
    expect(String(details['message']).isWellFormed()).toBe(true);
  });

  test.each([
    ['escapes', `${esc}[`.repeat(500_000)],
    ['parameters', `${esc}[${'0;'.repeat(500_000)}`],
    ['titles', `${esc}]${'x'.repeat(500_000)}`],
    ['charsets', `${esc}${'('.repeat(500_000)}`],
    ['one-byte sequences', '\u009B0'.repeat(500_000)],
    ['blanks', `${' '.repeat(500_000)}x`],
  ])('of %s takes no long time', (_what, line) => {
    const started = performance.now();
    classifyLine(line);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

test('only the scale of the API is a severity', () => {
  expect(['DEFAULT', 'EMERGENCY'].every(isSeverity)).toBe(true);
  expect(['info', 'WARN', '', 5, null, undefined, {}].some(isSeverity)).toBe(false);
});
