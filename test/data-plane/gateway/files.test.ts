import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { call, openCall, routeTo, startGateway } from './support.ts';

async function siteOf(files: Record<string, string | Buffer>, singlePage = false) {
  const folder = await makeTempFolder();
  const directory = join(folder, 'public');
  await mkdir(directory);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(directory, path, '..'), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  const gateway = await startGateway();
  const target = { kind: 'files', releaseId: 'release-1', directory, singlePage } as const;
  await gateway.applyRoutes([routeTo(target)]);
  const get = (path: string, more: object = {}) => call({ port: gateway.port, path, ...more });
  return { folder, directory, gateway, target, get };
}

const bundle = {
  'connector-enabler.es.js': 'export default 1;',
  'style.css': 'a{}',
  'index.html': '<h1>page</h1>',
  'sub/index.html': 'sub page',
  'ä b.txt': 'umlaut',
  '.env': 'SECRET=1',
  '.git/config': 'secret',
  '.well-known/apple': 'apple',
};

test('files are served with their type and to every origin', async () => {
  const { get } = await siteOf(bundle);
  const script = await get('/connector-enabler.es.js?v=1');
  expect([script.status, script.text]).toEqual([200, 'export default 1;']);
  expect(script.headers).toMatchObject({
    'content-type': 'text/javascript',
    'content-length': '17',
    'access-control-allow-origin': '*',
    'cache-control': 'no-cache',
  });
  expect(script.headers['x-correlation-id']).toBeDefined();
  expect((await get('/style.css')).headers['content-type']).toBe('text/css');
  expect((await get('/')).text).toBe('<h1>page</h1>');
  expect((await get('/sub/')).text).toBe('sub page');
  expect((await get('/%C3%A4%20b.txt')).text).toBe('umlaut');
  expect((await get('/.well-known/apple')).text).toBe('apple');
});

test('an unknown file is 404, and no folder is listed', async () => {
  const { get } = await siteOf({ 'a.js': '1', 'folder/b.js': '2' });
  const answer = await get('/nothing.js');
  expect(answer.status).toBe(404);
  expect(answer.json().message).toBe(
    'Application hello of deployment deployment-1 has no file /nothing.js.',
  );
  expect(answer.headers['access-control-allow-origin']).toBe('*');
  for (const path of ['/', '/folder', '/folder/', '/%', '/a.js/', '/a.js%00']) {
    expect((await get(path)).status, path).toBe(404);
  }
});

test('hidden files and everything outside of the folder stay unseen', async () => {
  const { folder, directory, gateway, target, get } = await siteOf(bundle);
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await mkdir(join(folder, 'public-not'));
  await writeFile(join(folder, 'public-not', 'secret.txt'), 'secret');
  await symlink(join(folder, 'secret.txt'), join(directory, 'link.txt'));
  await symlink('/', join(directory, 'root'));
  await symlink('.', join(directory, 'self'));
  await symlink('nowhere', join(directory, 'dangling'));
  await symlink('style.css', join(directory, 'inside.css'));
  await gateway.applyRoutes([]);
  await gateway.applyRoutes([routeTo(target)]);
  for (const path of [
    '/.env',
    '/.git/config',
    '/%2eenv',
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/sub/../../secret.txt',
    '/../public-not/secret.txt',
    '//etc/passwd',
    '/link.txt',
    '/root/etc/passwd',
    '/self/style.css',
    '/dangling',
  ]) {
    const answer = await get(path);
    expect([answer.status, answer.text.includes('secret\n')], path).toEqual([404, false]);
  }
  expect((await get('/inside.css')).text).toBe('a{}');
});

test('a single page answers every path it has no file for', async () => {
  const { get } = await siteOf(bundle, true);
  for (const path of ['/', '/orders', '/orders/1?tab=2', '/deep/down.html', '/../x', '/%']) {
    const answer = await get(path);
    expect([answer.status, answer.text], path).toEqual([200, '<h1>page</h1>']);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html;charset=utf-8',
      'cache-control': 'no-cache',
    });
  }
  expect((await get('/style.css')).text).toBe('a{}');
  const withoutPage = await siteOf({ 'a.js': '1' }, true);
  expect((await withoutPage.get('/orders')).status).toBe(404);
});

test('HEAD and preflights are answered, other methods are not allowed', async () => {
  const { get } = await siteOf(bundle);
  const head = await get('/style.css', { method: 'HEAD' });
  expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '3']);
  const preflight = await get('/style.css', {
    method: 'OPTIONS',
    headers: { origin: 'https://shop.example', 'access-control-request-headers': 'x-own' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD, OPTIONS',
    'access-control-allow-headers': 'x-own',
  });
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const answer = await get('/style.css', { method, body: 'x' });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
  }
});

test('a browser that has the file is told so', async () => {
  const { get } = await siteOf(bundle);
  const { headers } = await get('/style.css');
  const again = await get('/style.css', { headers: { 'if-none-match': headers.etag } });
  expect([again.status, again.text]).toEqual([304, '']);
});

test('a part of a file may be asked for, and odd ranges get all of it', async () => {
  const { get } = await siteOf({ 'digits.txt': '0123456789' });
  const ranged = async (range: string) => {
    const { status, text, headers } = await get('/digits.txt', { headers: { range } });
    return [status, text, headers['content-range']];
  };
  expect(await ranged('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10']);
  expect(await ranged('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10']);
  expect(await ranged('bytes=8-99')).toEqual([206, '89', 'bytes 8-9/10']);
  expect((await ranged('bytes=99-'))[0]).toBe(416);
  for (const odd of [
    'bytes=5-2',
    'bytes=-3',
    'bytes=0-0',
    'bytes=a-b',
    'lines=1-2',
    'bytes=1-2,4-5',
  ]) {
    expect(await ranged(odd), odd).toEqual([200, '0123456789', undefined]);
  }
});

test('a client that leaves in the middle of a download frees the release', async () => {
  const { directory, gateway } = await siteOf({ 'large.bin': '' });
  await truncate(join(directory, 'large.bin'), 500 * 1024 * 1024);
  const response = await openCall({ port: gateway.port, path: '/large.bin' });
  expect(gateway.inFlight('release-1')).toBe(1);
  response.destroy();
  await gateway.drained('release-1');
});

test('files that cannot be read make the application unavailable', async () => {
  const { gateway, target } = await siteOf(bundle);
  await gateway.applyRoutes([routeTo({ ...target, directory: '/nowhere/at/all' })]);
  const answer = await call({ port: gateway.port });
  expect(answer.status).toBe(503);
  expect(answer.json().message).toContain('Its files cannot be read.');
});

test('a file that vanished after the table was made is 404', async () => {
  const { directory, get } = await siteOf(bundle);
  const { rm } = await import('node:fs/promises');
  await rm(join(directory, 'style.css'));
  expect((await get('/style.css')).status).toBe(404);
});
