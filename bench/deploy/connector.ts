import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import {
  createRepository,
  type TestFiles,
  type TestRepository,
} from '../../test/support/git-repository.ts';
import { keys, type TinyApplication, tinyConnector } from '../../test/support/tiny-connector.ts';

/** As in most connectors: a web framework, the platform's client, TypeScript. */
const packageJson = {
  version: '1.0.0',
  private: true,
  scripts: {
    build: 'tsc',
    start: 'node build/index.js',
    'connector:post-deploy': 'node build/post-deploy.js',
  },
  dependencies: {
    '@commercetools/platform-sdk': '8.8.0',
    '@commercetools/ts-client': '4.9.1',
    express: '4.21.2',
  },
  devDependencies: { '@types/express': '4.17.25', '@types/node': '22.20.5', typescript: '5.9.3' },
};

const tsconfig = {
  compilerOptions: {
    ...{ target: 'ES2022', module: 'commonjs', outDir: 'build', rootDir: 'src' },
    ...{ strict: true, esModuleInterop: true, skipLibCheck: true },
  },
};

export const names = ['first', 'second'] as const;
export type ApplicationName = (typeof names)[number];

/** A service that says `text` at its endpoint. */
export function sourceOf(name: ApplicationName, text: string): string {
  return serviceThat(name, `response.send(${JSON.stringify(text)})`);
}

function serviceThat(name: ApplicationName, answers: string): string {
  return [
    "import express from 'express';",
    "import { ClientBuilder } from '@commercetools/ts-client';",
    "import { createApiBuilderFromCtpClient } from '@commercetools/platform-sdk';",
    'export const builders = [ClientBuilder, createApiBuilderFromCtpClient];',
    'const app = express();',
    `app.get('/${name}', (_request, response) => void ${answers});`,
    'app.listen(8080);',
    '',
  ].join('\n');
}

/** Two applications, each with a lockfile of a hundred packages or so. */
export async function makeConnector(text: string): Promise<TestRepository> {
  const application = await prepareApplications(text);
  const files = tinyConnector({ first: application('first'), second: application('second') });
  return createRepository({ files, tag: 'v1' });
}

/** One application, which answers with its `GREETING`. */
export async function makeGreeter(): Promise<TestRepository> {
  const application = await prepareApplications('');
  const { files } = application('first');
  const source = serviceThat('first', 'response.json({ greeting: process.env.GREETING })');
  const spec = keys(['GREETING']);
  const first = { files: { ...files, 'src/index.ts': source }, spec };
  return createRepository({ files: tinyConnector({ first }), tag: 'v1' });
}

export async function prepareApplications(
  text: string,
): Promise<(name: ApplicationName) => TinyApplication & { readonly files: TestFiles }> {
  const lockfile = await makeLockfile();
  return (name) => ({
    files: {
      'server.cjs': null,
      'package.json': JSON.stringify({ name, ...packageJson }),
      'package-lock.json': lockfile.replaceAll('"name": "lockfile"', `"name": "${name}"`),
      'tsconfig.json': JSON.stringify(tsconfig),
      'src/index.ts': sourceOf(name, text),
      '.gitignore': 'node_modules\nbuild\n',
    },
  });
}

async function makeLockfile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-lockfile-'));
  try {
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'lockfile', ...packageJson }),
    );
    await execa('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit'], {
      cwd: folder,
      stdin: 'ignore',
    });
    return await readFile(join(folder, 'package-lock.json'), 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}
