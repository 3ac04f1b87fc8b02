import { createHash, type Hash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { ControllerError } from '../base/controller-error.ts';
import { type Digest, type DigestAlgorithm, algorithmOf } from '../oci/digest.ts';
import { moveIntoPlace, unfinishedPath } from './store-files.ts';
import { storeFailure } from './store-failure.ts';
import { blobFile } from './store-paths.ts';

/** Content on its way into the store: hashed while it is written, invisible until it is verified. */
export interface BlobWriter {
  /** Bytes written so far. */
  readonly size: number;
  /**
   * Adds content. Where the content ends early with an error, what arrived before stays and counts.
   * @throws ControllerError STORE_UNAVAILABLE
   */
  append(content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /**
   * Verifies, makes durable and visible. The writer is at its end, whatever happens.
   * @returns the SHA-256 that the content is stored under (spec, transfer-engine, 2.3).
   * @throws ControllerError BLOB_CORRUPT when the content has another digest.
   */
  finish(expected: Digest): Promise<Digest>;
  /** Gives up; never throws. */
  abort(): Promise<void>;
}

/** Starts to write a blob. `algorithm` is that of the digest that is expected, where it is known. */
export async function openBlobWriter(
  store: string,
  algorithm: DigestAlgorithm = 'sha256',
): Promise<BlobWriter> {
  const path = await unfinishedPath(store);
  const hashes = new Map<DigestAlgorithm, Hash>([['sha256', createHash('sha256')]]);
  if (algorithm !== 'sha256') hashes.set(algorithm, createHash(algorithm));
  let size = 0;
  await (await open(path, 'wx', 0o644)).close();

  function digestBy(wanted: DigestAlgorithm): Digest | undefined {
    const hash = hashes.get(wanted);
    return hash === undefined ? undefined : (`${wanted}:${hash.copy().digest('hex')}` as Digest);
  }

  async function makeDurable(): Promise<void> {
    await using handle = await open(path, 'r+');
    await handle.sync();
  }

  return {
    get size() {
      return size;
    },
    async append(content, signal) {
      await using handle = await open(path, 'r+').catch((error: unknown) => {
        throw storeFailure(error, `opening ${path}`);
      });
      for await (const chunk of content) {
        signal.throwIfAborted();
        await writeWhole(handle, chunk, size, path);
        for (const hash of hashes.values()) hash.update(chunk);
        size += chunk.byteLength;
      }
    },
    async finish(expected) {
      try {
        // An algorithm that was not foreseen when the upload began costs a second reading.
        const actual =
          digestBy(algorithmOf(expected)) ?? (await hashFile(path, algorithmOf(expected)));
        if (actual !== expected) throw corrupt(expected, actual, size);
        const stored = digestBy('sha256') ?? expected;
        await makeDurable();
        await moveIntoPlace(path, blobFile(store, stored));
        return stored;
      } catch (error) {
        await rm(path, { force: true });
        throw storeFailure(error, `storing ${expected}`);
      }
    },
    async abort() {
      await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

async function writeWhole(
  handle: Awaited<ReturnType<typeof open>>,
  chunk: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  try {
    for (let written = 0; written < chunk.byteLength;) {
      const { bytesWritten } = await handle.write(
        chunk,
        written,
        chunk.byteLength - written,
        position + written,
      );
      written += bytesWritten;
    }
  } catch (error) {
    throw storeFailure(error, `writing ${path}`);
  }
}

async function hashFile(path: string, algorithm: DigestAlgorithm): Promise<Digest> {
  const hash = createHash(algorithm);
  await using handle = await open(path, 'r');
  for await (const chunk of handle.createReadStream({ autoClose: false }))
    hash.update(chunk as Buffer);
  return `${algorithm}:${hash.digest('hex')}` as Digest;
}

function corrupt(expected: Digest, actual: Digest, size: number): ControllerError {
  return new ControllerError(
    'BLOB_CORRUPT',
    `Digest did not match, expected ${expected}, got ${actual} (${size} bytes)`,
    { remedy: 'retry-later', hint: 'The source or something on the way changed the content.' },
  );
}
