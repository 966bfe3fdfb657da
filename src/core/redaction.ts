import { base64Of, bytesOf, hexOf, percentOf } from './text-encodings.ts';

export interface NamedSecret {
  /** What people know it by: the name of its variable. */
  readonly key: string;
  readonly value: string;
}

/** Takes secrets out of what an application, a script or a caller has said. */
export interface Redactor {
  text(text: string): string;
  /** Of every text in it, names included. What holds no secret stays the same object. */
  json(value: unknown): unknown;
  /**
   * False where neither would change anything in these lines, be they text or JSON: cheaper than to read them. Control sequences
   * that part a secret are not looked through.
   */
  mayChange(lines: string): boolean;
}

/** Before a line is cut, because a part of a secret is not found. Where nothing is cut it is done later, form by form. */
export function redactLongLine(line: string, maxCharacters: number, redactor: Redactor): string {
  return line.length > maxCharacters ? redactor.text(line) : line;
}

/** Shorter values stay: `true`, `eu` or `8080` as a secret would make every log unreadable, and hide nothing. */
export const shortestRedacted = 6;

/** What is left of the middle of a secret in base64 must be this long to be its own. */
const shortestBase64 = 8;

/**
 * Finds each secret as it is and as programs print it: escaped for JSON or a URL, in hexadecimal, and in base64 of whatever
 * text it stands in. Lines of a secret are found one by one. A part of a secret is not found.
 */
export function createRedactor(secrets: readonly NamedSecret[]): Redactor {
  const marks = new Map<string, string>();
  for (const { key, value } of secrets) {
    for (const form of formsOf(value)) if (!marks.has(form)) marks.set(form, `[secret ${key}]`);
  }
  if (marks.size === 0) return noRedactor;
  // The longest first: an alternation takes the first that fits.
  const forms = [...marks.keys()].toSorted((one, other) => other.length - one.length);
  const long = forms.filter((form) => form.length > longestInPattern);
  const short = forms.slice(long.length);
  const pattern = short.length === 0 ? undefined : new RegExp(short.map(quote).join('|'), 'g');
  const text = (given: string): string => {
    if (given.length < shortestRedacted) return given;
    let clean = given;
    for (const form of long) {
      if (form.length <= clean.length && clean.includes(form))
        clean = clean.replaceAll(form, () => marks.get(form) ?? '');
    }
    return pattern === undefined
      ? clean
      : clean.replaceAll(pattern, (found) => marks.get(found) ?? '');
  };
  const changes = (given: string): boolean => text(given) !== given;
  const mayBeNumber = forms.some((form) => numberLike.test(form));
  return {
    text,
    json: (value) => redactJson(value, text),
    mayChange: (lines) =>
      changes(lines) ||
      (mayBeNumber && lines.includes('{')) ||
      (lines.includes('\\') && changes(unescapeJson(lines))),
  };
}

/** 7e5 is printed as 700000, 1e999 as Infinity: what stands in a line does not tell. No number is longer. */
const numberLike = /^(?:[-+.\de]{1,25}|[-Infity]{1,9})$/;

/** A pattern of whole certificates would be too large to compile; few lines are long enough to hold one. */
const longestInPattern = 512;

export const noRedactor: Redactor = {
  text: (text) => text,
  json: (value) => value,
  mayChange: () => false,
};

function formsOf(secret: string): ReadonlySet<string> {
  const pieces = [secret, ...secret.split(/\r?\n/)];
  const long = pieces.map((piece) => piece.trim()).filter(isLong);
  return new Set(long.flatMap((piece) => [piece, ...encodedForms(piece)]).filter(isLong));
}

function isLong(form: string): boolean {
  return form.length >= shortestRedacted;
}

function encodedForms(piece: string): readonly string[] {
  const bytes = bytesOf(piece);
  const hex = hexOf(bytes);
  const base64 = [0, 1, 2].flatMap((offset) => base64Middles(bytes, offset));
  const escaped = [escapeJson(piece), escapeJson(escapeJson(piece))];
  const ascii = escapeOthers(escapeJson(piece));
  const inAscii = [ascii, escapeJson(ascii)];
  return [
    ...escaped,
    ...escaped.map((form) => form.replaceAll('/', '\\/')),
    ...inAscii,
    ...inAscii.map((form) => form.replaceAll('/', '\\/')),
    ...inspectedForms(piece),
    ...percentForms(piece),
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.flatMap(percentForms),
  ];
}

function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Each text in lines of JSON as it is once read. A backslash at the end of a line belongs to that line. */
function unescapeJson(lines: string): string {
  return lines.replaceAll(/\\(?:u([\dA-Fa-f]{4})|(.))/g, (_, code?: string, character = '') =>
    code === undefined
      ? (controlEscapes.get(character) ?? character)
      : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

const controlEscapes: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** As those print JSON who keep to ASCII. */
function escapeOthers(text: string): string {
  return text.replaceAll(/[^ -~]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** As Node and Python print a text within an object, whichever quotes they take. */
function inspectedForms(piece: string): readonly string[] {
  const unquoted = escapeJson(piece).replaceAll('\\"', '"');
  return [unquoted, unquoted.replaceAll("'", "\\'")];
}

/**
 * What a program leaves as it is differs: `encodeURIComponent`, RFC 3986, HTML forms, and whoever encodes a path or a whole
 * URL.
 */
function percentForms(text: string): readonly string[] {
  const form = percentOf(text);
  const strict = form.replaceAll(/[!'()*]/g, percentOfAscii);
  const forms = [
    form,
    strict,
    form.replaceAll(/[!'()~]/g, percentOfAscii).replaceAll('%20', '+'),
    form.replaceAll('%20', '+'),
    form.replaceAll('%2F', '/'),
    strict.replaceAll('%2F', '/'),
    form.replaceAll(/%(?:2[346BCF]|3[ABDF]|40)/g, (code) => decodeURIComponent(code)),
  ];
  return forms.flatMap((one) => [
    one,
    one.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  ]);
}

function percentOfAscii(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** What is the same in the base64 of every text that has these bytes at this place (modulo 3), in both alphabets. */
function base64Middles(bytes: readonly number[], offset: number): readonly string[] {
  const whole = base64Of([...Array<number>(offset).fill(0), ...bytes]);
  const start = offset === 0 ? 0 : offset + 1;
  const shared = Math.floor(((offset + bytes.length) * 8) / 6);
  const middle = whole.slice(start, shared);
  if (middle.length < shortestBase64) return [];
  return [middle, middle.replaceAll('+', '-').replaceAll('/', '_')];
}

function quote(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function redactJson(value: unknown, text: (given: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') {
    const clean = text(String(value));
    return clean === String(value) ? value : clean;
  }
  if (Array.isArray(value)) return sameOr(value, (item) => redactJson(item, text));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const clean = entries.map(([key, item]) => [text(key), redactJson(item, text)] as const);
  const isSame = clean.every(([key, item], at) => {
    return key === entries[at]?.[0] && item === entries[at]?.[1];
  });
  return isSame ? value : Object.fromEntries(clean);
}

function sameOr(list: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  const changed = list.map(change);
  return changed.every((item, at) => item === list[at]) ? list : changed;
}
