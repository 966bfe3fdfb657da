import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlatformRedirect } from '../../../ports/runtime.ts';

/** A loopback port, or a socket that only its gateway reaches (its path as the application sees it). */
export type OwnPlace = { readonly port: number } | { readonly path: string };

/** What the preload of one process tree is told. */
export interface PreloadConfig {
  /** Berth's own, which no application is to see. */
  readonly nodeOptions: string;
  readonly place: OwnPlace | undefined;
  readonly portsFile: string;
  readonly platformRedirect: PlatformRedirect | undefined;
}

const folder = join(import.meta.dirname, 'preload');
const parts = ['child-processes', 'own-port', 'link-local', 'platform-redirect'].map(
  (name) => `./${name}.cjs`,
);

/** Read once: each file that a start reads or writes makes it later. */
let template: string | undefined;
let leave: string | undefined;

/** The preload as one file: what it requires of itself is in it, and so is its configuration. */
export function preloadProgram(config: PreloadConfig): string {
  template ??= bundle();
  return template.replace('__CONFIG__', () => JSON.stringify(config));
}

/** What waits for leave at a descriptor and then goes to a folder, in the process whose NODE_OPTIONS have `option`. */
export function leaveProgram(config: {
  readonly leaveAt: number;
  readonly directory: string;
  readonly option: string;
}): string {
  leave ??= read('./leave.cjs');
  return leave.replace('__CONFIG__', () => JSON.stringify(config));
}

function bundle(): string {
  const functions = parts.map((name) => `${JSON.stringify(name)}(exports) {\n${read(name)}\n},\n`);
  return `'use strict';
const own = { __proto__: null,
'./config.json'() { return __CONFIG__; },
${functions.join('')}};
const requireOwn = (name) => {
  if (own[name] === undefined) return require(name);
  const exports = {};
  return own[name](exports) ?? exports;
};
((require) => {
${read('./main.cjs')}
})(requireOwn);
`;
}

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}
