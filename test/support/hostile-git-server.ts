import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { deflateSync } from 'node:zlib';

/** Speaks git's smart HTTP by hand, and so can say what git itself never would. */
export interface HostileServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/connector.git` */
  readonly url: string;
  readonly requests: readonly string[];
}

export async function serveHostile(listener: RequestListener): Promise<HostileServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.on('error', () => {});
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/connector.git`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const someCommit = 'c'.repeat(40);

/** Answers `info/refs` with these refs, and the last request, for the pack, with what `answer` writes. */
export function smartServer(
  refs: readonly string[],
  answer: (response: ServerResponse) => void,
): RequestListener {
  return async (request, response) => {
    if (request.method === 'POST') {
      const isLast = (await text(request)).includes('0009done');
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
      response.write(`${packet(`shallow ${someCommit}`)}0000`);
      if (!isLast) return void response.end();
      response.write(packet('NAK\n'));
      return answer(response);
    }
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
    const [first = '', ...others] = refs.map((name) => `${someCommit} ${name}`);
    const capabilities = 'shallow side-band-64k ofs-delta';
    const lines = [`${first}\0${capabilities}\n`, ...others.map((line) => `${line}\n`)];
    response.end(`${packet('# service=git-upload-pack\n')}0000${lines.map(packet).join('')}0000`);
  };
}

/** One line of the protocol, behind its length. */
export function packet(text: string): string {
  return `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`;
}

/** In a channel of the answer: 1 is the pack, 2 what people are told. */
export function inChannel(channel: 1 | 2, bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += 65_000) {
    const part = bytes.subarray(start, start + 65_000);
    const head = (part.length + 5).toString(16).padStart(4, '0');
    parts.push(Buffer.from(head), Buffer.from([channel]), part);
  }
  return Buffer.concat(parts);
}

/** As fast as it is taken, without end. */
export function writeForever(response: ServerResponse, chunk: Buffer | string): void {
  const go = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', go);
  go();
}

/** The beginning of a pack with one file of any size that does not shrink. */
export function endlessPack(): Buffer {
  return Buffer.concat([packHead(1), objectHead(3, 2 ** 40), Buffer.from([0x78, 0x01])]);
}

/** A piece of a zlib stream that stands for itself, byte by byte. */
export function storedBlock(): Buffer {
  const bytes = Buffer.alloc(60_000, 'x');
  const head = Buffer.alloc(5);
  head.writeUInt16LE(bytes.length, 1);
  head.writeUInt16LE(~bytes.length & 0xffff, 3);
  return Buffer.concat([head, bytes]);
}

/** A few kilobytes: a file of 16 MiB of one letter, and another that repeats it as often as is asked. */
export function deltaBomb(copies: number): Buffer {
  const base = Buffer.alloc(0xffffff, 'a');
  const id = createHash('sha1').update(`blob ${base.length}\0`).update(base).digest();
  const copy = Buffer.from([0xf0, 0xff, 0xff, 0xff]);
  const delta = Buffer.concat([
    varint(base.length),
    varint(base.length * copies),
    Buffer.concat(Array.from({ length: copies }, () => copy)),
  ]);
  const pack = Buffer.concat([
    packHead(2),
    objectHead(3, base.length),
    deflateSync(base),
    objectHead(7, delta.length),
    id,
    deflateSync(delta),
  ]);
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()]);
}

function packHead(objects: number): Buffer {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  head.writeUInt32BE(objects, 8);
  return head;
}

/** Its type and size: four bits first, then seven at a time. */
function objectHead(type: number, size: number): Buffer {
  const rest = Math.floor(size / 16);
  const first = (type << 4) | (size % 16);
  return rest === 0
    ? Buffer.from([first])
    : Buffer.concat([Buffer.from([first | 0x80]), varint(rest)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}
