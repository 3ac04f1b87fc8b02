import { type FileHandle, open } from 'node:fs/promises';
import { storeFailure } from '../../store/store-failure.ts';
import { catalogInvalid } from './catalog-invalid.ts';

/** A file stays open so long after it was read, ms: documents are read one by one. */
const IDLE_MS = 500;

export interface ContentFile {
  readonly path: string;
  readonly bytes: number;
}

/** Reads ranges of the content files. Files are opened when needed and closed when idle: a catalog has no end of its own. */
export interface ContentReader {
  /** `file`: an index of the files. @throws ControllerError CATALOG_INVALID where the file is not as it was written */
  read(file: number, start: number, end: number, signal: AbortSignal): Promise<Buffer>;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  readers: number;
  timer?: NodeJS.Timeout;
}

/** `name` and `folder` are for messages: the catalog and the cache. */
export function createContentReader(
  files: readonly ContentFile[],
  { name, folder }: { readonly name: string; readonly folder: string },
): ContentReader {
  const opened = new Map<number, OpenFile>();

  function changed(cause?: unknown): Error {
    return catalogInvalid(
      `the documents of ${name} that were kept in ${folder} have changed`,
      `Remove ${folder}: it is only a cache, and is made again.`,
      cause,
    );
  }

  async function openFile({ path, bytes }: ContentFile): Promise<FileHandle> {
    const handle = await open(path);
    if ((await handle.stat()).size === bytes) return handle;
    await handle.close();
    throw changed();
  }

  function acquire(index: number): OpenFile {
    const known = opened.get(index);
    if (known !== undefined) {
      clearTimeout(known.timer);
      known.readers += 1;
      return known;
    }
    const file = files[index];
    if (file === undefined) throw changed();
    const made: OpenFile = { handle: openFile(file), readers: 1 };
    opened.set(index, made);
    return made;
  }

  function release(index: number, file: OpenFile): void {
    file.readers -= 1;
    if (file.readers > 0) return;
    file.timer = setTimeout(() => {
      if (opened.get(index) === file) opened.delete(index);
      // What could not be opened need not be closed.
      void file.handle.then((handle) => handle.close()).catch(() => undefined);
    }, IDLE_MS);
    file.timer.unref();
  }

  return {
    async read(index, start, end, signal) {
      signal.throwIfAborted();
      const file = acquire(index);
      try {
        const handle = await file.handle;
        const bytes = Buffer.alloc(end - start);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
        if (bytesRead !== bytes.length) throw changed();
        return bytes;
      } catch (error) {
        // Another attempt opens it anew.
        if (opened.get(index) === file) opened.delete(index);
        throw storeFailure(error, `reading ${folder}`);
      } finally {
        release(index, file);
      }
    },
  };
}
