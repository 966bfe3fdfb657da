import { type Document, Lexer, parseDocument, type YAMLError } from 'yaml';
import { type Mistake, wholeFile } from './mistake.ts';

const maxBytes = 1024 * 1024;
/** The parser compares every key of a map with every other; 20,000 lexemes keep the worst text below half a second. */
const maxLexemes = 20_000;
/** The parser's own default, stated because the safety of what follows rests on it. */
const maxAliasCount = 100;
/** Counted after aliases are followed. */
const maxValues = 100_000;
const maxDepth = 50;

type Reading =
  | {
      readonly value: unknown;
      /** What may explain a mistake that is found in the value, and is none by itself. */
      readonly hints: readonly Mistake[];
    }
  | { readonly mistakes: readonly Mistake[] };

/** YAML that may come from anybody, as plain JSON-like data: bounded in size, time, depth and growth by aliases. */
export function readYaml(text: string): Reading {
  const refusal = refuseUnread(text);
  if (refusal !== undefined) return aboutWhole(refusal);
  const reading = parse(text);
  if ('mistakes' in reading) return reading;
  const misfit = findMisfit(reading.value);
  return misfit === undefined ? reading : { mistakes: [misfit, ...reading.hints] };
}

function refuseUnread(text: string): string | undefined {
  if (Buffer.byteLength(text) > maxBytes) return 'The file is larger than 1 MiB';
  if (text.includes('\0')) return 'The file is not text: it holds a NUL character';
  if (hasTooManyLexemes(text)) return `The file holds more than ${maxLexemes} YAML tokens`;
  return undefined;
}

function hasTooManyLexemes(text: string): boolean {
  let count = 0;
  for (const _ of new Lexer().lex(text)) {
    count += 1;
    if (count > maxLexemes) return true;
  }
  return false;
}

function parse(text: string): Reading {
  try {
    const document = parseDocument(text, { logLevel: 'error' });
    const hints = hintsOf(text, document);
    return document.errors.length > 0
      ? { mistakes: [...document.errors.map((error) => whole(wordError(error))), ...hints] }
      : { value: document.toJS({ maxAliasCount }), hints };
  } catch (error) {
    return aboutWhole(reasonOf(error));
  }
}

function wordError({ code, message }: YAMLError): string {
  return code === 'MULTIPLE_DOCS'
    ? 'The file holds several YAML documents, divided by "---"; only one can be read'
    : message.trimEnd();
}

/** Connect's own validator takes all of this where the rest is right, and so must Berth. */
function hintsOf(text: string, { warnings, directives }: Document.Parsed): readonly Mistake[] {
  const isMerging = directives.yaml.version === '1.1';
  return [
    ...(text.includes(unreadable) ? [whole('The file is not UTF-8 text')] : []),
    ...warnings.map(({ message }) => whole(message.trimEnd())),
    ...(!isMerging && mergeKey.test(text)
      ? [whole('Merge keys (<<) are not part of YAML 1.2')]
      : []),
  ];
}

const mergeKey = /<<[ \t]*:/;

/** What bytes that are no UTF-8 have been read as. */
const unreadable = '\ufffd';

/** Aliases that are unresolved or too many, or a stack that ran out: all of them the document's doing. */
function reasonOf(error: unknown): string {
  return error instanceof Error && !(error instanceof RangeError)
    ? error.message
    : 'Nested too deeply';
}

function findMisfit(root: unknown): Mistake | undefined {
  let left = maxValues;
  const walk = (value: unknown, path: readonly string[]): Mistake | undefined => {
    left -= 1;
    if (left < 0) return { path: wholeFile, message: `More than ${maxValues} values` };
    if (path.length > maxDepth) return { path: wholeFile, message: 'Nested too deeply' };
    const message = misfitOf(value);
    if (message !== undefined) return { path: path.join('.') || wholeFile, message };
    if (typeof value !== 'object' || value === null) return undefined;
    for (const [key, item] of Object.entries(value)) {
      const found = walk(item, [...path, key]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(root, []);
}

function misfitOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value.includes('\0')) return 'Must not hold a NUL character';
  return isPlain(value) ? undefined : 'Must be plain YAML: text, number, boolean, list or map';
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object') return typeof value !== 'bigint';
  return (
    value === null || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
  );
}

function aboutWhole(message: string): { readonly mistakes: readonly Mistake[] } {
  return { mistakes: [whole(message)] };
}

function whole(message: string): Mistake {
  return { path: wholeFile, message };
}
