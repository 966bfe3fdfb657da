import { globSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';

/** A source file as the architecture test sees it. Paths are relative to `src`, with slashes. */
export interface SourceFile {
  readonly path: string;
  /** Without comments and the contents of strings. */
  readonly code: string;
  readonly imports: readonly Import[];
  readonly lines: number;
}

/** `import type` is gone at run time; `import { type X }` is not, so it counts as a value. */
export interface Import {
  readonly kind: 'value' | 'type';
  /** The imported file's path below `src`, or the package's name. */
  readonly target: string;
  readonly isFile: boolean;
  /** `export … from`: a name that stands in two places. */
  readonly isReExport: boolean;
}

export function readSourceFiles(directory: string): readonly SourceFile[] {
  return globSync('**/*.ts', { cwd: directory })
    .map((path) => path.split(sep).join('/'))
    .toSorted()
    .map((path) => parseSourceFile(path, readFileSync(join(directory, path), 'utf8')));
}

export function parseSourceFile(path: string, text: string): SourceFile {
  return {
    path,
    code: blank(text, ['comment', 'template', 'string']),
    imports: parseImports(path, blank(text, ['comment', 'template'])),
    lines: text.trimEnd().split('\n').length,
  };
}

/** Strings come first in it: what looks like a comment inside of one is none, and the other way round. */
const notCode =
  /(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(?<template>`(?:\\.|[^`\\])*`)|(?<comment>\/\/[^\n]*|\/\*.*?\*\/)/gs;

type NotCode = 'string' | 'template' | 'comment';

function blank(text: string, kinds: readonly NotCode[]): string {
  return text.replace(notCode, (...match) => {
    const groups = match.at(-1) as Partial<Record<NotCode, string>>;
    return kinds.some((kind) => groups[kind] !== undefined) ? '' : String(match[0]);
  });
}

const statement = /^(import|export)\s+(type\s+)?(?:[\w*\s{},$]+?\s+from\s+)?(['"])([^'"\n]+)\3/gm;
const dynamic = /\bimport\(\s*(['"])([^'"\n]+)\1/g;

function parseImports(path: string, code: string): readonly Import[] {
  const statements = [...code.matchAll(statement)].map(([, keyword, type, , from = '']) => ({
    kind: type === undefined ? ('value' as const) : ('type' as const),
    isReExport: keyword === 'export',
    ...resolve(path, from),
  }));
  const dynamics = [...code.matchAll(dynamic)].map(([, , from = '']) => ({
    kind: 'value' as const,
    isReExport: false,
    ...resolve(path, from),
  }));
  return [...statements, ...dynamics];
}

function resolve(path: string, from: string): Pick<Import, 'target' | 'isFile'> {
  if (from.startsWith('.')) {
    return { target: posix.join(posix.dirname(path), from), isFile: true };
  }
  const segments = from.startsWith('@') ? 2 : 1;
  const name = from.startsWith('node:') ? from : from.split('/').slice(0, segments).join('/');
  return { target: name, isFile: false };
}
