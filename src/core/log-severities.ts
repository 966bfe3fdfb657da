import type { Severity } from './log-entry.ts';
import { mayHoldAnsi, severityOfLevel, severityOfPrefix } from './log-line.ts';

/**
 * Every severity that `classifyLine` would find in these lines, and few others, for a tenth of what it costs to read them. Undefined
 * where only reading tells.
 */
export function severitiesWithin(lines: string): ReadonlySet<Severity> | undefined {
  if (mayHoldAnsi(lines) || mayEscapeLetters(lines)) return undefined;
  const levels = levelsWithin(lines);
  if (levels === undefined) return undefined;
  // Nearly always there is a line without one, or one that is no JSON in the end.
  return new Set<Severity>(['DEFAULT', ...levels, ...prefixesWithin(lines)]);
}

/** `"leve\u006c"` is a level too. */
function mayEscapeLetters(lines: string): boolean {
  return lines.includes('\\u006') || lines.includes('\\u007');
}

/** Wherever it stands: to find out whether it is the line's own is to read the line. */
const key = String.raw`"(?:severity|level)"[ \t\r]*:[ \t\r]*`;
/** What nearly every line of JSON says: once is enough. */
const usual = '(?:"info"|"INFO"|30)[,}]';
const usualLevel = new RegExp(key + usual);
const otherLevels = new RegExp(
  String.raw`${key}(?!${usual})("(?:[^"\\\n]|\\.){0,40}"?|-?\d[\d.eE+-]*)`,
  'g',
);

function levelsWithin(lines: string): ReadonlySet<Severity> | undefined {
  const values = new Set<string>();
  for (const [, value = ''] of lines.matchAll(otherLevels)) values.add(value);
  const found = new Set<Severity>(usualLevel.test(lines) ? ['INFO'] : []);
  for (const value of values) {
    try {
      const severity = severityOfLevel(JSON.parse(value));
      if (severity !== undefined) found.add(severity);
    } catch {
      // Not the whole value, or no JSON.
      return undefined;
    }
  }
  return found;
}

/** The longest word, its colon and the space. */
const prefixCharacters = 11;

function prefixesWithin(lines: string): ReadonlySet<Severity> {
  const found = new Set<Severity>();
  for (let from = 0; ; ) {
    const first = lines.charCodeAt(from);
    if (first >= 97 && first <= 122) {
      const severity = severityOfPrefix(lines.slice(from, from + prefixCharacters));
      if (severity !== undefined) found.add(severity);
    }
    const end = lines.indexOf('\n', from);
    if (end < 0) return found;
    from = end + 1;
  }
}
