import { type FileHandle, open } from 'node:fs/promises';
import { type FilePlace, isWithin, pathOf } from './block-files.ts';

/** Reads entries from files, of each of which what is asked for comes together. */
export interface FileReader extends AsyncDisposable {
  /** Undefined where they are gone: forgotten since the row was read, or lost in a power cut. */
  read(place: FilePlace): Promise<string | undefined>;
}

export function readFiles(folder: string): FileReader {
  let opened: { readonly name: string; readonly file: OpenFile | undefined } | undefined;
  const close = async (): Promise<void> => {
    await opened?.file?.handle.close();
    opened = undefined;
  };
  return {
    async read(place) {
      if (opened?.name !== place.file) {
        await close();
        opened = { name: place.file, file: await openWhereItIs(pathOf(folder, place.file)) };
      }
      const { file } = opened;
      return file !== undefined && isWithin(place, file.size)
        ? readStretch(file.handle, place)
        : undefined;
    },
    [Symbol.asyncDispose]: close,
  };
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
}

async function openWhereItIs(path: string | undefined): Promise<OpenFile | undefined> {
  if (path === undefined) return undefined;
  try {
    const handle = await open(path);
    const found = await handle.stat();
    if (found.isFile()) return { handle, size: found.size };
    await handle.close();
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readStretch(
  handle: FileHandle,
  { from, bytes }: FilePlace,
): Promise<string | undefined> {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let read = 0; read < bytes; ) {
    const { bytesRead } = await handle.read(buffer, read, bytes - read, from + read);
    if (bytesRead === 0) return undefined;
    read += bytesRead;
  }
  return buffer.toString();
}
