import { chmod, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { noRepeats, type Repeats } from '../../../../src/drivers/builder/node/repeats.ts';
import {
  markUnchanged,
  writeScriptPrograms,
} from '../../../../src/drivers/builder/node/script-programs.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const done = 'nothing to do';

const all: Repeats = {
  installs: ['npm install', 'npm i', 'npm ci', 'yarn', 'yarn install'],
  builds: ['npm run build', 'yarn build'],
};

/** A built application, and programs that say that they are the real ones. */
async function prepare(repeats = all) {
  const folder = await makeTempFolder();
  const tools = join(folder, "the tools' folder");
  const tree = join(folder, 'tree');
  const application = join(tree, 'app');
  await mkdir(tools);
  for (const tool of ['npm', 'yarn']) {
    await writeFile(join(tools, tool), '#!/bin/sh\necho "real $(basename "$0") $*"\n');
    await chmod(join(tools, tool), 0o755);
  }
  await mkdir(join(application, 'node_modules/@some/package'), { recursive: true });
  await mkdir(join(application, 'src'));
  await mkdir(join(application, 'build'));
  await writeFile(join(application, 'src/index.ts'), '');
  await writeFile(join(application, 'build/index.js'), '');
  await writeFile(join(application, 'package.json'), '{}');
  await writeFile(join(application, 'node_modules/@some/package/index.js'), '');
  await mkdir(join(tree, 'shared'));
  await writeFile(join(tree, 'shared/index.ts'), '');
  await utimes(join(application, 'src/index.ts'), new Date(0), new Date(0));
  const directory = join(folder, 'programs');
  await writeScriptPrograms({ directory, tools, tree, application, repeats });
  await markUnchanged(directory);
  const run = async (line: string, cwd = application) => {
    const { stdout } = await execa('sh', ['-c', line], {
      cwd,
      env: { PATH: [directory, tools, process.env['PATH']].join(delimiter) },
    });
    return stdout.split('\n');
  };
  return { run, application, mark: join(directory, '.unchanged-since') };
}

test.for([
  'npm install',
  'npm ci --no-audit --no-fund',
  'npm i --loglevel=error',
  'npm ci --omit=dev',
  'npm run build',
  'npm run build --silent',
  'yarn',
  'yarn --frozen-lockfile',
  'yarn install',
  'yarn build',
])('%s does nothing in a tree that is as it was built', async (line) => {
  const { run } = await prepare();
  expect(await run(line)).toEqual([expect.stringMatching(/^berth: .*: nothing to do/)]);
});

test.for([
  'npm install lodash',
  'npm install --force',
  'npm run build -- --watch',
  'npm run other',
  'npm test',
  'npm',
  'npm --prefix ../x install',
  'yarn add lodash',
  'yarn run build',
])('%s is done as it always is', async (line) => {
  const { run } = await prepare();
  const [tool = '', ...words] = line.split(' ');
  expect(await run(line)).toEqual([`real ${tool} ${words.join(' ')}`]);
});

test('what is no repeat of the build is done', async () => {
  const { run } = await prepare({ ...noRepeats, installs: ['npm install'] });
  expect(await run('npm ci')).toEqual(['real npm ci']);
  expect(await run('npm run build')).toEqual(['real npm run build']);
  expect(await run('yarn install')).toEqual(['real yarn install']);
});

test('the folder is known by whatever way somebody comes to it', async () => {
  const { run, application } = await prepare();
  const link = join(application, '../../link');
  await symlink(application, link);
  expect(await run('npm ci', link)).toEqual([expect.stringContaining(done)]);
  expect(await run(`cd '${link}/src/..' && npm ci`, '/')).toEqual([expect.stringContaining(done)]);
});

test('elsewhere it is done', async () => {
  const { run, application } = await prepare();
  expect(await run('npm install', join(application, 'src'))).toEqual(['real npm install']);
  expect(await run('cd src && npm ci')).toEqual(['real npm ci']);
});

test('the last of a line of commands is all that is done', async () => {
  const { run } = await prepare();
  const lines = await run('npm ci && npm run build && npm run post-deploy');
  expect(lines.map((line) => line.includes(done))).toEqual([true, true, false]);
});

test.for([
  ['package.json is another', `echo '{"a": 1}' > package.json`],
  ['a file is new', 'touch added'],
  ['a package is gone', 'rm -r node_modules/@some/package'],
  ['all packages are gone', 'rm -r node_modules'],
] as const)('an install is done where %s', async ([, change]) => {
  const { run } = await prepare();
  expect(await run(`${change} && npm install`)).toEqual(['real npm install']);
});

test.for([
  ['a source is another', 'echo hello > src/index.ts'],
  ['what was built is gone', 'rm build/index.js'],
  ['a source is new', 'touch src/added.ts'],
  ['a source of a folder beside it is another', 'echo hello > ../shared/index.ts'],
  [
    'a source was replaced by an older one',
    'cp -p src/index.ts src/kept.ts; cp -p src/kept.ts build/index.js',
  ],
  ['a file deep in a package is another', 'echo hello > node_modules/@some/package/index.js'],
] as const)('a build is done where %s', async ([, change]) => {
  const { run } = await prepare();
  expect(await run(`${change} && npm run build`)).toEqual(['real npm run build']);
});

test('after an install that was done, a build is done, too', async () => {
  const { run } = await prepare();
  expect(await run('touch added && npm install && rm added && npm run build')).toEqual([
    'real npm install',
    'real npm run build',
  ]);
});

test('where what it compares with is gone, all is done', async () => {
  const { run, mark } = await prepare();
  await rm(mark);
  expect(await run('npm ci')).toEqual(['real npm ci']);
});
