import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createRepository } from '../../../support/git-repository.ts';
import {
  deltaBomb,
  endlessPack,
  inChannel,
  packet,
  serveHostile,
  smartServer,
  someCommit,
  storedBlock,
  writeForever,
} from '../../../support/hostile-git-server.ts';
import { type Refusal, requireRefused } from '../../../support/hostile-source.ts';

const results: string[] = [];
afterAll(() => process.stdout.write(`Tricks of hostile git servers:\n${results.join('\n')}\n`));

async function refuse(trick: string, url: string, refusal: Refusal) {
  const { failure, line } = await requireRefused(trick, url, refusal);
  results.push(line);
  return failure;
}

const megabyte = 1024 * 1024;
const tags = ['refs/tags/v1'];

test('a folder of files is not fetched piece by piece, nor what it borrows from elsewhere', async () => {
  await using repository = await createRepository({ files: { a: '1' }, tag: 'v1' });
  await repository.git('update-server-info');
  await using elsewhere = await serveHostile((_, response) => response.end('x'));
  await using server = await serveHostile(async ({ url = '' }, response) => {
    const path = url.replace(/^\/connector\.git\//, '').replace(/\?.*/, '');
    if (path.endsWith('alternates')) return void response.end(`${elsewhere.url}/objects\n`);
    const file = await readFile(join(repository.directory, '.git', path)).catch(() => undefined);
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await refuse('dumb HTTP', server.url, { says: /folder of files to its server/ });
  expect(elsewhere.requests).toEqual([]);
  expect(server.requests.filter((line) => line.includes('/objects/'))).toEqual([]);
});

test('a server that accepts and says nothing is given up', async () => {
  await using server = await serveHostile(() => {});
  await refuse('silence', server.url, { timeoutMs: 1500, says: /not read within 1.5 s/ });
});

test('a server that is silent where the pack should come is given up', async () => {
  await using server = await serveHostile(smartServer(tags, () => {}));
  await refuse('silence in place of a pack', server.url, {
    timeoutMs: 1500,
    says: /not read within 1.5 s/,
  });
});

test('refs without end are not kept in memory', async () => {
  await using server = await serveHostile((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
    response.write(`${packet('# service=git-upload-pack\n')}0000`);
    writeForever(response, packet(`${someCommit} refs/heads/${'x'.repeat(60_000)}\n`));
  });
  await refuse('refs without end', server.url, {
    maxTreeBytes: megabyte,
    says: /more memory than git is given/,
  });
});

test('refs without end in the second version of the protocol are not kept in memory', async () => {
  const names = `refs/heads/${'x'.repeat(60_000)}`;
  const chunk = packet(`${someCommit} ${names}\n`).repeat(16);
  await using server = await serveHostile(({ method }, response) => {
    const type = method === 'POST' ? 'result' : 'advertisement';
    response.writeHead(200, { 'content-type': `application/x-git-upload-pack-${type}` });
    if (method === 'POST') return writeForever(response, chunk);
    const lines = ['version 2\n', 'ls-refs\n', 'fetch=shallow\n', 'object-format=sha1\n'];
    const head = `${packet('# service=git-upload-pack\n')}0000`;
    response.end(`${head}${lines.map(packet).join('')}0000`);
  });
  await refuse('refs without end, version 2', server.url, {
    maxTreeBytes: megabyte,
    says: /more memory than git is given/,
  });
});

test('a pack without end is cut off', async () => {
  await using server = await serveHostile(
    smartServer(tags, (response) => {
      response.write(inChannel(1, endlessPack()));
      writeForever(response, inChannel(1, storedBlock()));
    }),
  );
  await refuse('a pack without end', server.url, {
    maxTreeBytes: 20 * megabyte,
    says: /larger than 20 MiB/,
  });
});

test('a pack of kilobytes that asks for gigabytes of memory is refused', async () => {
  const bomb = deltaBomb(400);
  expect(bomb.length).toBeLessThan(0.1 * megabyte);
  await using server = await serveHostile(
    smartServer(tags, (response) => {
      response.end(Buffer.concat([inChannel(1, bomb), Buffer.from('0000')]));
    }),
  );
  await refuse('a difference that grows to 6 GiB', server.url, {
    says: /more memory than git is given/,
  });
});

test('messages without end are not collected', async () => {
  await using server = await serveHostile(
    smartServer(tags, (response) => {
      writeForever(response, inChannel(2, Buffer.from('hello\n'.repeat(10_000))));
    }),
  );
  await refuse('messages without end', server.url, { says: /more than is listened to/ });
});

test('neither names of tags nor messages bring control characters into a report', async () => {
  const sequence = '\x1b]0;owned\x07\x1b[31m';
  await using server = await serveHostile((request, response) => {
    if (request.url?.includes('broken')) {
      const type = 'application/x-git-upload-pack-advertisement';
      response.writeHead(200, { 'content-type': type });
      const error = packet(`ERR ${sequence}no such thing\r\x00\n`);
      return void response.end(`${packet('# service=git-upload-pack\n')}0000${error}`);
    }
    const names = [`refs/tags/${sequence}`, 'refs/tags/-x', 'refs/tags/v2'];
    smartServer(names, () => {})(request, response);
  });
  const missing = await refuse('tags named with escapes', server.url, { says: /no tag/ });
  expect(missing.nextStep).toContain('Its newest tags: v2.');
  const broken = await refuse('messages with escapes', server.url.replace('connector', 'broken'), {
    says: /could not be read/,
  });
  expect(broken.output).toContain('no such thing');
  for (const text of [missing.message, missing.nextStep, missing.output, broken.output])
    expect(text ?? '').not.toMatch(/[^\P{Cc}\n\t]/u);
});
