import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/**
 * What Node has compiled of applications, a file for each name: their next start need not compile it again. An application packs and
 * unpacks its own; what is in there is nobody else's business, and never read here.
 */
export interface CompiledCode {
  /** The file, where there is one. */
  find(name: string): Promise<string | undefined>;
  /** Takes what comes in at the socket first, if anything does, in the place of what there is. */
  receive(name: string, socketPath: string): Promise<AsyncDisposable>;
  /** Removes all others. */
  retain(names: ReadonlySet<string>): Promise<void>;
}

/** Of large applications it is some 10 MB. */
const maxBytes = 32 * 1024 * 1024;
const whole = /^[0-9a-f]{64}$/;

export function openCompiledCode(directory: string): CompiledCode {
  const fileOf = (name: string) => join(directory, nameOf(name));
  return {
    async find(name) {
      const file = fileOf(name);
      const stats = await stat(file).catch(() => undefined);
      return stats === undefined ? undefined : file;
    },
    async receive(name, socketPath) {
      const server = createServer((socket) => {
        void readAll(socket).then(async (bytes) => {
          if (bytes === undefined || !server.listening) return;
          server.close();
          // It is only slower without.
          await keep(fileOf(name), bytes).catch(() => undefined);
        });
      });
      server.maxConnections = 4;
      server.listen(socketPath);
      await once(server, 'listening');
      // Its folder is seen by the application alone, which is another user.
      await chmod(socketPath, 0o666);
      return {
        async [Symbol.asyncDispose]() {
          if (server.listening) server.close();
        },
      };
    },
    async retain(names) {
      const kept = new Set([...names].map(nameOf));
      const found = await readdir(directory).catch(() => []);
      const others = found.filter((file) => !kept.has(file) && whole.test(file));
      await Promise.all(others.map((file) => rm(join(directory, file), { force: true })));
    },
  };
}

function nameOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/** Undefined where it is nothing, or more than is kept. */
async function readAll(socket: Socket): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of socket) {
      length += chunk.length;
      if (length > maxBytes) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return length === 0 ? undefined : Buffer.concat(chunks);
}

async function keep(file: string, bytes: Buffer): Promise<void> {
  const folder = join(file, '..');
  const unfinished = join(folder, `${randomUUID()}.part`);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(unfinished, bytes);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
