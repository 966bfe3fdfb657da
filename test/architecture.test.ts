import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type ArchitectureRules, findViolations } from './support/architecture.ts';
import { parseSourceFile, readSourceFiles } from './support/source-file.ts';

const rules: ArchitectureRules = {
  folders: [
    { folder: 'core' },
    { folder: 'ports', types: ['core'] },
    { folder: 'wire', values: ['core'] },
    { folder: 'config' },

    // The control plane decides. Endpoints know no other endpoint, and nobody knows who calls.
    { folder: 'control-plane/tokens' },
    { folder: 'control-plane/waiting', values: ['core'], types: ['ports'] },
    { folder: 'control-plane/sealing', values: ['core'], types: ['ports'] },
    { folder: 'control-plane/sources', values: ['core', 'wire'], types: ['ports'] },
    {
      folder: 'control-plane/commands',
      values: [
        'core',
        'control-plane/sealing',
        'control-plane/sources',
        'control-plane/tokens',
        'control-plane/waiting',
      ],
      types: ['ports', 'wire'],
    },
    { folder: 'control-plane/audit-log', values: ['core', 'wire'], types: ['ports'] },
    { folder: 'control-plane/log-export', values: ['core'], types: ['ports'] },
    {
      folder: 'control-plane/plans',
      values: ['core', 'control-plane/audit-log', 'control-plane/commands'],
      types: ['ports'],
    },
    {
      folder: 'control-plane/operations/steps',
      values: [
        'core',
        'control-plane/sealing',
        'control-plane/tokens',
        'control-plane/waiting',
        'control-plane/operations',
      ],
      types: ['ports'],
      apart: true,
    },
    {
      folder: 'control-plane/operations',
      values: [
        'core',
        'control-plane/sources',
        'control-plane/waiting',
        'control-plane/operations/steps',
      ],
      types: ['ports'],
    },
    {
      folder: 'control-plane/api/*',
      values: [
        'core',
        'wire',
        'control-plane/api',
        'control-plane/commands',
        'control-plane/plans',
        'control-plane/tokens',
      ],
      types: ['ports'],
    },
    {
      folder: 'control-plane/api',
      values: [
        'core',
        'wire',
        'control-plane/api/*',
        'control-plane/audit-log',
        'control-plane/commands',
        'control-plane/waiting',
      ],
      types: ['ports'],
    },

    {
      folder: 'control-plane/grpc',
      values: ['core', 'wire', 'control-plane/api'],
      types: ['ports'],
    },

    // The data plane carries. Its parts do not call each other; what is written of requests is made from their types.
    {
      folder: 'data-plane/instances',
      values: ['core', 'data-plane/connections'],
      types: ['ports', 'data-plane/logs'],
    },
    {
      folder: 'data-plane/logs',
      values: ['core'],
      types: ['ports', 'data-plane/gateway', 'data-plane/jobs', 'data-plane/push'],
    },
    { folder: 'data-plane/*', values: ['core', 'data-plane/connections'], types: ['ports'] },
    { folder: 'data-plane', values: ['core', 'data-plane/*'], types: ['ports'] },

    // Drivers touch the world and never each other, but for what all SQLite drivers and all SQL stores share.
    { folder: 'drivers/sqlite', values: ['core'], types: ['ports'] },
    { folder: 'drivers/sandbox', values: ['core'] },
    { folder: 'drivers/store/sql', values: ['core'], types: ['ports'] },
    {
      folder: 'drivers/store/*',
      values: ['core', 'drivers/sqlite', 'drivers/store/sql'],
      types: ['ports'],
    },
    { folder: 'drivers/log-store/sqlite', values: ['core', 'drivers/sqlite'], types: ['ports'] },
    {
      folder: 'drivers/event-broker/embedded',
      values: ['core', 'drivers/sqlite'],
      types: ['ports'],
    },
    {
      folder: 'drivers/builder/node',
      values: ['core', 'drivers/sandbox'],
      types: ['ports'],
    },
    {
      folder: 'drivers/runtime/process',
      values: ['core', 'drivers/sandbox'],
      types: ['ports'],
    },
    { folder: 'drivers/*/*', values: ['core'], types: ['ports'] },

    {
      folder: 'compose',
      values: [
        'config',
        'core',
        'control-plane/api',
        'control-plane/audit-log',
        'control-plane/commands',
        'control-plane/grpc',
        'control-plane/log-export',
        'control-plane/operations',
        'control-plane/sealing',
        'control-plane/waiting',
        'data-plane',
        'drivers/*/*',
        'drivers/sandbox',
      ],
      types: ['ports'],
    },
    { folder: 'cli', values: ['compose', 'config', 'core'], types: ['ports'] },
  ],

  packages: {
    '@fastify/rate-limit': { values: ['control-plane/api'] },
    '@fastify/swagger': { values: ['control-plane/api/*'] },
    '@fastify/swagger-ui': { values: ['control-plane/api/*'] },
    '@grpc/grpc-js': { values: ['control-plane/grpc'] },
    '@grpc/proto-loader': { values: ['control-plane/grpc'] },
    commander: { values: ['cli'] },
    croner: { values: ['wire', 'data-plane/jobs'] },
    execa: {
      values: [
        'drivers/sandbox',
        'drivers/builder/*',
        'drivers/runtime/*',
        'drivers/source/*',
        'compose',
        'cli',
      ],
    },
    fastify: { values: ['control-plane/api'], types: ['control-plane/api/*'] },
    jose: { values: ['drivers/event-bridge/google-pubsub'] },
    kysely: { values: ['drivers/sqlite', 'drivers/store/*', 'drivers/*/*'] },
    pg: { values: ['drivers/store/postgres'] },
    pino: { values: ['compose'] },
    semver: { values: ['drivers/builder/node', 'compose'] },
    sirv: { values: ['data-plane/gateway'] },
    yaml: { values: ['wire'] },
    zod: { values: ['wire'], types: ['control-plane/api'] },
    // execa copies what comes through a stream, where a descriptor itself has to be handed over.
    'node:child_process': { values: ['compose', 'drivers/sandbox'] },
    'node:sqlite': { values: ['drivers/sqlite', 'compose'] },
    'node:worker_threads': { values: ['drivers/sqlite'] },
  },

  pure: ['core', 'ports', 'wire'],

  tokens: [
    {
      name: 'a value',
      pattern: /^(export )?(declare )?(const|let|var|(async )?function|(abstract )?class)\b/m,
      folders: ['ports'],
    },
    { name: 'process.env', pattern: /\bprocess\s*\.\s*env\b/, except: ['config/read-env.ts'] },
    { name: 'process.exit', pattern: /\bprocess\s*\.\s*exit\s*\(/ },
    { name: 'console', pattern: /\bconsole\s*\./ },
    { name: 'an enum', pattern: /\benum\s+\w+\s*\{/ },
    { name: 'a default export', pattern: /\bexport\s+default\b|\bas\s+default\b/ },
  ],
};

/** Files near 100 lines read best; a long table may be longer. Above this there is a second reason to change in it. */
const maxLines = 400;

/** Dependencies that are programs: started, never imported. */
const programs = ['npm', 'yarn'];

const directory = fileURLToPath(new URL('../src', import.meta.url));
const files = readSourceFiles(directory);

describe('the source', () => {
  test('keeps the rules of who may import what', () => {
    expect(files.length).toBeGreaterThan(200);
    expect(findViolations(files, rules)).toEqual([]);
  });

  test('opens no secrets where it answers requests', () => {
    const openers = files.filter(({ code }) => /\b(Opener|openSecretBox|SecretBox)\b/.test(code));
    const folders = new Set(openers.map(({ path }) => posix.dirname(path)));
    expect([...folders].toSorted()).toEqual([
      'compose',
      'control-plane/operations',
      'data-plane',
      'data-plane/instances',
      'drivers/secret-box/aes-gcm',
      'ports',
    ]);
  });

  test('imports only files that exist', () => {
    const paths = new Set(files.map(({ path }) => path));
    const missing = files.flatMap(({ path, imports }) =>
      imports.filter(({ isFile, target }) => isFile && !paths.has(target)).map(() => path),
    );
    expect(missing).toEqual([]);
  });

  test('has no file that is far too long', () => {
    const longest = files.toSorted((one, other) => other.lines - one.lines).slice(0, 5);
    const shown = longest.map(({ path, lines }) => `${lines} ${path}`);
    process.stdout.write(`The longest source files:\n  ${shown.join('\n  ')}\n`);
    expect(longest.filter(({ lines }) => lines > maxLines).map(({ path }) => path)).toEqual([]);
  });

  test('uses every package it depends on', () => {
    const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
    const used = new Set(files.flatMap(({ imports }) => imports.map(({ target }) => target)));
    const unused = Object.keys(dependencies).filter((name) => !used.has(name));
    expect(unused.toSorted()).toEqual(programs);
  });
});

describe('the check itself', () => {
  test.for([
    ['core/a.ts', "import { join } from 'node:path';", 'values of node:path'],
    ['core/a.ts', "import type { Store } from '../ports/store.ts';", 'types of ports/store.ts'],
    ['ports/a.ts', "import { regions } from '../core/connector.ts';", 'values of core/connector'],
    [
      'wire/a.ts',
      "import { x } from '../control-plane/api/b.ts';",
      'values of control-plane/api/b',
    ],
    ['config/a.ts', "import type { X } from '../core/b.ts';", 'types of core/b.ts'],
    ['control-plane/commands/a.ts', "import '../operations/b.ts';", 'values of control-plane/ope'],
    ['control-plane/api/a/b.ts', "import { x } from '../c/d.ts';", 'values of control-plane/api/c'],
    ['control-plane/operations/steps/a.ts', "import { x } from './b.ts';", 'values of control-pl'],
    ['data-plane/push/a.ts', "import { x } from '../jobs/b.ts';", 'values of data-plane/jobs/b.ts'],
    ['data-plane/new/a.ts', "import { x } from '../coalesce.ts';", 'values of data-plane/coalesce'],
    ['drivers/a/b/c.ts', "import { x } from '../d/e.ts';", 'values of drivers/a/d/e.ts'],
    ['drivers/a/b/c.ts', "await import('../../sqlite/open.ts');", 'values of drivers/sqlite/open'],
    ['drivers/a/b/c.ts', "import {\n  x,\n} from '../../../config/d.ts';", 'values of config/d.ts'],
    ['cli/a.ts', "import type { X } from '../drivers/a/b/c.ts';", 'types of drivers/a/b/c.ts'],
    ['cli/a/b.ts', 'import { x } from "../../data-plane/c.ts";', 'values of data-plane/c.ts'],
    ['core/a.ts', "import { z } from 'zod';", 'values of zod'],
    ['control-plane/api/a.ts', "import { type z } from 'zod';", 'values of zod'],
    ['compose/a.ts', "import merge from '@scope/merge/deep';", 'values of @scope/merge'],
    ['cli/a.ts', "import { spawn } from 'node:child_process';", 'values of node:child_process'],
  ] as const)('%s is refused with %s', ([path, text, what]) => {
    const found = findViolations([parseSourceFile(path, text)], rules);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${path} must not import ${what}`);
  });

  test.for([
    ['ports/a.ts', 'export const limit = 5;', 'a value'],
    ['cli/a.ts', "const home = process.env['HOME'];", 'process.env'],
    ['core/a.ts', 'export enum Color { Red }', 'an enum'],
    ['core/a.ts', 'export const enum Color { Red }', 'an enum'],
    ['wire/a.ts', 'export default 5;', 'a default export'],
    ['cli/a.ts', 'process.exit(1);', 'process.exit'],
    ['compose/a.ts', "console.log('x');", 'console'],
  ] as const)('%s must not contain %s', ([path, text, what]) => {
    const found = findViolations([parseSourceFile(path, text)], rules);
    expect(found).toEqual([`${path} must not contain ${what}`]);
  });

  test('a new folder needs a rule, and a name is not passed on', () => {
    const texts = { 'helpers/a.ts': "import 'node:fs';", 'core/a.ts': "export * from './b.ts';" };
    expect(findViolations(parseAll(texts), rules)).toEqual([
      'helpers/a.ts lies in a folder without a rule',
      'core/a.ts passes on core/b.ts',
    ]);
  });

  test('a circle is found, also through types', () => {
    const texts = {
      'core/a.ts': "import { b } from './b.ts';",
      'core/b.ts': "import type { C } from './c.ts';",
      'core/c.ts': "import { a } from './a.ts';",
      'core/d.ts': "import { a } from './a.ts';",
    };
    expect(findViolations(parseAll(texts), rules)).toEqual([
      'Cycle: core/a.ts → core/b.ts → core/c.ts → core/a.ts',
    ]);
  });

  test('what stands in a comment or a string is no breach', () => {
    const text = [
      "// import 'node:fs'; process.exit(0)",
      '/* console.log',
      "import 'node:fs';",
      'export default */',
      "const glob = 'src/**/*.ts'; const message = 'do not use process.env or console.log';",
      'const program = `',
      "import fs from 'node:fs';",
      'process.exit(1)`;',
    ].join('\n');
    expect(findViolations([parseSourceFile('core/a.ts', text)], rules)).toEqual([]);
  });

  test('what is allowed is allowed', () => {
    const texts = {
      'wire/a.ts': "import { z } from 'zod';\nimport { b } from '../core/b.ts';",
      'control-plane/api/a/b.ts': "import type { FastifyRequest } from 'fastify';",
      'drivers/store/new/a.ts':
        "import { x } from '../sql/b.ts';\nimport type { Store } from '../../../ports/store.ts';",
      'config/read-env.ts': 'export const environment = process.env;',
    };
    expect(findViolations(parseAll(texts), rules)).toEqual([]);
  });
});

function parseAll(texts: Readonly<Record<string, string>>) {
  return Object.entries(texts).map(([path, text]) => parseSourceFile(path, text));
}
