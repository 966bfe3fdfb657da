import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, inflateRawSync } from 'node:zlib';

/** Letters and digits that stand nowhere else. */
export function newMark(): string {
  return `cnry${randomBytes(8).toString('hex')}`;
}

/** Where a text may hide: as it is and encoded, and all of that in gzip. */
export interface CanarySearch {
  /** What of the texts is in these bytes, and how. */
  inBytes(bytes: Buffer): readonly string[];
  /** Every file below the folder, and the names of all. Paths that `skip` names are left out. */
  inFolder(folder: string, skip?: readonly string[]): Promise<readonly string[]>;
  readonly files: number;
}

export function searchFor(texts: readonly string[]): CanarySearch {
  const forms = texts.flatMap((text) => formsOf(text));
  let files = 0;
  const inBytes = (bytes: Buffer, depth = 0): readonly string[] => {
    const found = forms.flatMap(({ name, bytes: form }) => {
      const at = bytes.indexOf(form);
      return at < 0 ? [] : [`${name}: ${surroundings(bytes, at)}`];
    });
    if (depth === maxDepth) return found;
    const unpacked = gzipMembers(bytes).flatMap((one) => inBytes(one, depth + 1));
    return [...found, ...unpacked.map((name) => `${name} in gzip`)];
  };
  return {
    inBytes: (bytes) => inBytes(bytes),
    async inFolder(folder, skip = []) {
      const found: string[] = [];
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (skip.some((one) => path.startsWith(one))) continue;
        const inName = inBytes(Buffer.from(entry.name), maxDepth);
        found.push(...inName.map((name) => `${path}: ${name} in its name`));
        if (!entry.isFile()) continue;
        files += 1;
        const bytes = await readFile(path).catch(() => Buffer.alloc(0));
        found.push(...inBytes(bytes).map((name) => `${path}: ${name}`));
      }
      return found;
    },
    get files() {
      return files;
    },
  };
}

function surroundings(bytes: Buffer, at: number): string {
  const text = bytes.subarray(Math.max(0, at - 120), at + 120).toString('latin1');
  return text.replaceAll(/[^ -~]+/g, ' ');
}

const maxDepth = 2;
const maxUnpackedBytes = 256 * 1024 * 1024;

function formsOf(text: string) {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const percent = hex.replaceAll(/../g, '%$&');
  const list: readonly (readonly [name: string, form: string])[] = [
    ['raw', text],
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    ['percent', percent],
    ['PERCENT', percent.toUpperCase()],
    ...[0, 1, 2].flatMap((offset) => {
      const middle = middleOfBase64(text, offset);
      const forUrls = middle.replaceAll('+', '-').replaceAll('/', '_');
      return [[`base64+${offset}`, middle] as const, [`base64url+${offset}`, forUrls] as const];
    }),
  ];
  return list.map(([name, form]) => ({
    name: `${text.slice(0, 6)}… as ${name}`,
    bytes: Buffer.from(form),
  }));
}

/** What base64 makes of the text wherever in a value it begins, without the characters its neighbours share in. */
function middleOfBase64(text: string, offset: number): string {
  const encoded = Buffer.from('\0'.repeat(offset) + text).toString('base64');
  return encoded.slice(4, -4);
}

const gzipMagic = Buffer.from([0x1f, 0x8b, 0x08]);
const headerBytes = 10;

/** Also of members that are cut off or that something follows. */
function gzipMembers(bytes: Buffer): readonly Buffer[] {
  const members: Buffer[] = [];
  for (let at = bytes.indexOf(gzipMagic); at >= 0; at = bytes.indexOf(gzipMagic, at + 1)) {
    try {
      const packed = bytes.subarray(at + lengthOfHeader(bytes, at));
      const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxUnpackedBytes };
      members.push(inflateRawSync(packed, options));
    } catch {
      // Three bytes that happen to look like it.
    }
  }
  return members;
}

/** RFC 1952, with the name and the comment that may stand there. */
function lengthOfHeader(bytes: Buffer, at: number): number {
  const flags = bytes[at + 3] ?? 0;
  let end = at + headerBytes;
  if (flags & 4) end += 2 + bytes.readUInt16LE(end);
  if (flags & 8) end = bytes.indexOf(0, end) + 1;
  if (flags & 16) end = bytes.indexOf(0, end) + 1;
  if (flags & 2) end += 2;
  return end - at;
}
