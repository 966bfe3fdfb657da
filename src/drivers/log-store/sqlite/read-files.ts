import { type FileHandle, open } from 'node:fs/promises';
import { type FilePlace, pathOf } from './block-files.ts';

/** Reads entries from files, of each of which what is asked for comes together. */
export interface FileReader extends AsyncDisposable {
  /** Undefined where they are gone: forgotten since the row was read, or lost in a power cut. */
  read(place: FilePlace): Promise<string | undefined>;
}

export function readFiles(folder: string): FileReader {
  let opened: { readonly file: string; readonly handle: FileHandle | undefined } | undefined;
  const close = async (): Promise<void> => {
    await opened?.handle?.close();
    opened = undefined;
  };
  return {
    async read({ file, from, bytes }) {
      if (opened?.file !== file) {
        await close();
        opened = { file, handle: await openWhereItIs(pathOf(folder, file)) };
      }
      if (opened.handle === undefined) return undefined;
      return readStretch(opened.handle, from, bytes);
    },
    [Symbol.asyncDispose]: close,
  };
}

async function openWhereItIs(path: string | undefined): Promise<FileHandle | undefined> {
  try {
    return path === undefined ? undefined : await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readStretch(
  handle: FileHandle,
  from: number,
  bytes: number,
): Promise<string | undefined> {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let read = 0; read < bytes; ) {
    const { bytesRead } = await handle.read(buffer, read, bytes - read, from + read);
    if (bytesRead === 0) return undefined;
    read += bytesRead;
  }
  return buffer.toString();
}
