import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import {
  nodeOptions,
  nodeShim,
  processEnvironment,
  unusableVariable,
} from '../../../../src/drivers/runtime/process/environment.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

test('an application’s own NODE_OPTIONS come last, where they win', () => {
  const parts = { work: '/work', path: [], nodeOptions: nodeOptions('/p.cjs', 1000) };
  const ours = '--require "/p.cjs" --max-old-space-size=750';
  expect(processEnvironment({ ...parts, environment: {} })['NODE_OPTIONS']).toBe(ours);
  const environment = { NODE_OPTIONS: '--max-old-space-size=100' };
  expect(processEnvironment({ ...parts, environment })['NODE_OPTIONS']).toBe(
    `${ours} --max-old-space-size=100`,
  );
});

test('only the runtime says what PATH, HOME and TMPDIR are', () => {
  const environment = { PATH: '/mine', HOME: '/root', TMPDIR: '/tmp', OTHER: 'kept' };
  const made = processEnvironment({
    work: '/work',
    path: ['/tools'],
    environment,
    nodeOptions: '',
  });
  expect(made).toMatchObject({ HOME: '/work/home', TMPDIR: '/work/tmp', OTHER: 'kept' });
  expect(made['PATH']).toMatch(/^\/work\/bin:\/tools:.*:\/bin$/);
});

test.for([
  { environment: { A: 'b', '': 'c' }, key: '' },
  { environment: { 'A=B': 'c' }, key: 'A=B' },
  { environment: { A: 'b\0c' }, key: 'A' },
  { environment: { A: '', 'b.c': '\n' }, key: undefined },
])('$environment has the unusable variable $key', ({ environment, key }) => {
  expect(unusableVariable(environment as Record<string, string>)).toBe(key);
});

test('the shim brings our options to a node whose path is odd, once', async () => {
  const folder = join(await makeTempFolder(), `it's "odd" $HOME \\ folder`);
  await mkdir(folder);
  const preload = join(folder, 'preload.cjs');
  await writeFile(preload, 'globalThis.preloads = (globalThis.preloads ?? 0) + 1;');
  const shim = join(folder, 'node');
  await writeFile(shim, nodeShim(process.execPath, nodeOptions(preload, undefined)));
  await chmod(shim, 0o755);
  const script = 'console.log(globalThis.preloads, process.argv[1])';
  const options = nodeOptions(preload, undefined);
  for (const NODE_OPTIONS of [
    undefined,
    '',
    '--no-warnings',
    options,
    `${options} --no-warnings`,
  ]) {
    const env = NODE_OPTIONS === undefined ? {} : { NODE_OPTIONS };
    const { stdout } = await execa(shim, ['-e', script, 'an  "argument"'], {
      env,
      extendEnv: false,
    });
    expect(stdout).toBe('1 an  "argument"');
  }
});
