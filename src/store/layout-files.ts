import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { BlobBody } from '../oci/ends.ts';
import { storeFailure, storeInvalid } from './store-failure.ts';

/**
 * Opens a regular file below a directory. Links are followed as long as they stay below it: a layout from
 * elsewhere must not make us read, and publish, other files of this machine.
 * @throws what the file system says (ENOENT), ControllerError STORE_INVALID for a link that leaves or no file.
 */
async function openRegular(directory: string, file: string): Promise<FileHandle> {
  const root = await realpath(directory);
  const path = await realpath(join(root, file));
  if (!path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) {
    throw storeInvalid(
      `${join(directory, file)} is a link that leads out of ${directory}`,
      'Put the file itself there.',
    );
  }
  // What was resolved is opened: a link put there since is not followed, a pipe does not block.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw storeInvalid(`${join(directory, file)} is no regular file`, 'Write the layout again.');
}

/** A whole file below a directory. @throws as `openInside`, STORE_INVALID over the limit. */
export async function readInside(
  directory: string,
  file: string,
  limitBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  signal.throwIfAborted();
  const handle = await openRegular(directory, file);
  try {
    const { size } = await handle.stat();
    if (size > limitBytes) {
      throw storeInvalid(
        `${join(directory, file)} has ${size} bytes, more than the ${limitBytes} that are read whole`,
        'Check that this is an OCI layout.',
      );
    }
    return await handle.readFile({ signal });
  } finally {
    await handle.close();
  }
}

/** A file below a directory as a stream. @throws ENOENT, ControllerError STORE_INVALID, STORE_UNAVAILABLE */
export async function openInside(
  directory: string,
  file: string,
  signal: AbortSignal,
): Promise<BlobBody> {
  signal.throwIfAborted();
  const handle = await openRegular(directory, file);
  const stream = handle.createReadStream({ signal, highWaterMark: 256 * 1024 });
  // An abort before anybody reads is for the reader alone.
  stream.on('error', () => undefined);

  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) yield chunk;
    } catch (error) {
      signal.throwIfAborted();
      throw storeFailure(error, `reading ${join(directory, file)}`);
    }
  }
  return {
    [Symbol.asyncIterator]: read,
    async [Symbol.asyncDispose]() {
      stream.destroy();
      await handle.close();
    },
  };
}
