import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ControllerError } from '../base/controller-error.ts';
import { type Digest, algorithmOf, digestOf, hexOf } from '../oci/digest.ts';
import { MANIFEST_LIMIT_BYTES } from '../oci/manifest.ts';
import { isMissing, storeFailure } from '../store/store-failure.ts';

/**
 * What was built, by digest, in a folder that can be thrown away at any time. Everything is written under a name
 * of its own and renamed, so that nothing half-written is ever found.
 */

/** The file of some content, relative to the folder. */
export function contentFile(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

export interface WrittenContent {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** @throws ControllerError STORE_UNAVAILABLE, and what the content throws. */
export async function writeContent(
  folder: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<WrittenContent> {
  const hash = createHash('sha256');
  let size = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      hash.update(chunk);
      size += chunk.byteLength;
      yield chunk;
    }
  }
  const temporary = await writeTemporary(folder, counted(), signal);
  const digest = `sha256:${hash.digest('hex')}` as Digest;
  await moveIntoPlace(temporary, join(folder, contentFile(digest)));
  return { digest, size };
}

/** Writes a small file that is there whole or not at all. `file`: relative to the folder. */
export async function writeSmallFile(
  folder: string,
  file: string,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const temporary = await writeTemporary(folder, [Buffer.from(text)], signal);
  await moveIntoPlace(temporary, join(folder, file));
}

/** A small file; undefined where there is none. @throws ControllerError STORE_UNAVAILABLE */
export async function readSmallFile(
  folder: string,
  file: string,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const path = join(folder, file);
  try {
    if ((await stat(path)).size > MANIFEST_LIMIT_BYTES) return undefined;
    return await readFile(path, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (isMissing(error)) return undefined;
    throw storeFailure(error, `reading ${path}`);
  }
}

/** A manifest or config that was built; undefined where it is not there. @throws ControllerError DIGEST_MISMATCH */
export async function readContent(
  folder: string,
  digest: Digest,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const bytes = await readSmallFile(folder, contentFile(digest), signal);
  if (bytes === undefined) return undefined;
  const actual = digestOf(bytes, algorithmOf(digest));
  if (actual === digest) return bytes;
  throw new ControllerError(
    'DIGEST_MISMATCH',
    `${join(folder, contentFile(digest))} has other content, whose digest is ${actual}`,
    { remedy: 'retry-later', hint: 'Remove the folder: what it holds is built again.' },
  );
}

/** Whether a file of that digest is there with as many bytes. */
export async function hasContent(
  folder: string,
  { digest, size }: WrittenContent,
): Promise<boolean> {
  try {
    const found = await stat(join(folder, contentFile(digest)));
    return found.isFile() && found.size === size;
  } catch (error) {
    if (isMissing(error)) return false;
    throw storeFailure(error, `looking for ${digest}`);
  }
}

/** Returns the path of the file. */
async function writeTemporary(
  folder: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<string> {
  const path = join(folder, 'unfinished', randomUUID());
  try {
    await mkdir(dirname(path), { recursive: true });
    await using handle = await open(path, 'wx', 0o644);
    for await (const chunk of content) {
      signal.throwIfAborted();
      await handle.writeFile(chunk);
    }
    await handle.sync();
    return path;
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw storeFailure(error, `writing ${path}`);
  }
}

async function moveIntoPlace(temporary: string, path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw storeFailure(error, `writing ${path}`);
  }
}
