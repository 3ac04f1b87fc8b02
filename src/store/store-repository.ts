import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { relative } from 'node:path';
import { compareText } from '../base/compare-text.ts';
import { ControllerError } from '../base/controller-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, algorithmOf, digestOf } from '../oci/digest.ts';
import type { BlobBody, ManifestReference } from '../oci/ends.ts';
import { MANIFEST_LIMIT_BYTES, type ManifestBytes, manifestBytes } from '../oci/manifest.ts';
import { isTag } from '../oci/reference.ts';
import { openBlobWriter } from './blob-writer.ts';
import type { ReferrerScan } from './referrer-scan.ts';
import {
  listFolders,
  openFile,
  readLink,
  removeFile,
  removeFolder,
  writeLink,
  writeLinkFolder,
} from './store-files.ts';
import { isMissing, storeFailure } from './store-failure.ts';
import * as paths from './store-paths.ts';

/** A blob that is there: under which SHA-256 it is stored, and how large it is. */
export interface StoredBlob {
  readonly stored: Digest;
  readonly size: number;
}

/** One repository of a store: what both ends of a copy and the embedded registry are made of. */
export interface StoreRepository {
  readonly name: string;
  exists(): Promise<boolean>;
  /** A layer or config that this repository may serve (spec 2.4.3). */
  findBlob(digest: Digest): Promise<StoredBlob | undefined>;
  /** The bytes from `start` to `end`, both included; undefined where the repository may not serve the blob. */
  openBlob(
    digest: Digest,
    range?: { readonly start: number; readonly end: number },
  ): Promise<BlobBody | undefined>;
  /** Lets the repository serve what is stored under `stored`. */
  linkBlob(digest: Digest, stored: Digest): Promise<void>;
  /** `false`: there was no link. The content stays, other repositories may have it. */
  unlinkBlob(digest: Digest): Promise<boolean>;
  /** The digest of a manifest that this repository may serve (spec 2.4.1 and 2.4.2). */
  findManifest(reference: ManifestReference): Promise<Digest | undefined>;
  /** @throws ControllerError DIGEST_MISMATCH when the stored bytes are others. */
  readManifest(reference: ManifestReference): Promise<ManifestBytes | undefined>;
  /** Stores the bytes as they are; children may be absent (spec 2.5). @throws ControllerError DIGEST_MISMATCH */
  putManifest(manifest: ManifestBytes, reference: ManifestReference): Promise<void>;
  /** Removes the manifest and every tag on it (spec 2.6). `false`: it was not there. */
  deleteManifest(digest: Digest): Promise<boolean>;
  /** Removes the tag alone. `false`: it was not there. */
  deleteTag(tag: string): Promise<boolean>;
  /** Sorted. */
  listTags(): Promise<string[]>;
  /** Whether the tag is there, without its manifest being looked at. */
  hasTag(tag: string): Promise<boolean>;
  /** The manifests whose `subject` is the digest, sorted by digest. */
  listReferrers(digest: Digest): Promise<Descriptor[]>;
}

const READ_BYTES = 256 * 1024;

/** @throws ControllerError REFERENCE_INVALID when the name is none. All its calls throw STORE_UNAVAILABLE and STORE_INVALID. */
export function openRepository(
  store: string,
  name: string,
  referrers: ReferrerScan,
): StoreRepository {
  const folder = paths.repositoryFolder(store, name);

  async function findBlob(digest: Digest): Promise<StoredBlob | undefined> {
    const stored = await readLink(paths.layerLink(folder, digest));
    const size = stored === undefined ? undefined : await sizeOfBlob(store, stored);
    return stored === undefined || size === undefined ? undefined : { stored, size };
  }

  async function findManifest(reference: ManifestReference): Promise<Digest | undefined> {
    const named =
      reference.kind === 'digest'
        ? reference.digest
        : await readLink(paths.currentLink(folder, reference.tag));
    if (named === undefined) return undefined;
    const stored = await readLink(paths.revisionLink(folder, named));
    if (stored === undefined || stored === named) return stored;
    // By another algorithm: it is there as long as its SHA-256 is.
    return (await readLink(paths.revisionLink(folder, stored))) === undefined ? undefined : named;
  }

  async function readManifest(reference: ManifestReference): Promise<ManifestBytes | undefined> {
    const digest = await findManifest(reference);
    const stored =
      digest === undefined ? undefined : await readLink(paths.revisionLink(folder, digest));
    if (digest === undefined || stored === undefined) return undefined;
    const bytes = await readWhole(paths.blobFile(store, stored));
    if (bytes === undefined) return undefined;
    const actual = digestOf(bytes, algorithmOf(digest));
    if (actual !== digest) throw damaged(name, digest, actual);
    return { ...manifestBytes(bytes, undefined, `${name}@${digest}`), digest };
  }

  async function putManifest(manifest: ManifestBytes, reference: ManifestReference): Promise<void> {
    const { bytes, digest } = manifest;
    const actual = digestOf(bytes, algorithmOf(digest));
    const named = reference.kind === 'digest' ? reference.digest : digest;
    if (actual !== digest || named !== digest) throw damaged(name, named, actual);
    const stored = digestOf(bytes);
    if ((await sizeOfBlob(store, stored)) !== bytes.byteLength) {
      const writer = await openBlobWriter(store);
      await writer.append(only(bytes), new AbortController().signal);
      await writer.finish(stored);
    }
    // In this order, so that a crash at any point leaves a tree that can be served (spec 2.5).
    await writeLink(store, paths.revisionLink(folder, stored), stored);
    if (digest !== stored) await writeLink(store, paths.revisionLink(folder, digest), stored);
    if (reference.kind === 'digest') return;
    await putTag(reference.tag, stored);
  }

  async function putTag(tag: string, stored: Digest): Promise<void> {
    const [index, current] = [
      paths.tagIndexLink(folder, tag, stored),
      paths.currentLink(folder, tag),
    ];
    const tagFolder = paths.tagFolder(folder, tag);
    // A registry lists every folder here as a tag, so a new one appears with its digest or not at all.
    const links = new Map([index, current].map((path) => [relative(tagFolder, path), stored]));
    if (await writeLinkFolder(store, tagFolder, links)) return;
    await writeLink(store, index, stored);
    await writeLink(store, current, stored);
  }

  async function deleteManifest(digest: Digest): Promise<boolean> {
    const stored = await readLink(paths.revisionLink(folder, digest));
    if (stored === undefined) return false;
    // Tags first: a tag whose manifest is gone would be listed and not found.
    for (const tag of await listTags()) {
      if ((await readLink(paths.currentLink(folder, tag))) === stored) await deleteTag(tag);
    }
    if (digest !== stored) await removeFile(paths.revisionLink(folder, digest));
    return removeFile(paths.revisionLink(folder, stored));
  }

  async function deleteTag(tag: string): Promise<boolean> {
    const wasThere = (await readLink(paths.currentLink(folder, tag))) !== undefined;
    return (await removeFolder(store, paths.tagFolder(folder, tag))) && wasThere;
  }

  async function listTags(): Promise<string[]> {
    return (await listFolders(paths.tagsFolder(folder))).filter(isTag).sort(compareText);
  }

  async function listReferrers(digest: Digest): Promise<Descriptor[]> {
    const found = await referrers.find(paths.revisionsFolder(folder), digest, (revision) =>
      readManifest({ kind: 'digest', digest: revision }),
    );
    const present: Descriptor[] = [];
    for (const descriptor of found) {
      const isThere = await findManifest({ kind: 'digest', digest: descriptor.digest });
      if (isThere !== undefined) present.push(descriptor);
    }
    return present;
  }

  return {
    name,
    exists: () =>
      guarded(`looking for ${name}`, async () => {
        const parts = await listFolders(folder);
        return parts.includes('_manifests') || parts.includes('_layers');
      }),
    findBlob: (digest) => guarded(`looking for ${digest}`, () => findBlob(digest)),
    openBlob: (digest, range) =>
      guarded(`opening ${digest}`, async () => {
        const stored = await readLink(paths.layerLink(folder, digest));
        const handle =
          stored === undefined ? undefined : await openFile(paths.blobFile(store, stored));
        return handle === undefined ? undefined : bodyOf(handle, range);
      }),
    linkBlob: (digest, stored) =>
      guarded(`linking ${digest}`, async () => {
        await writeLink(store, paths.layerLink(folder, digest), stored);
        if (digest !== stored) await writeLink(store, paths.layerLink(folder, stored), stored);
      }),
    unlinkBlob: (digest) =>
      guarded(`deleting ${digest}`, () => removeFile(paths.layerLink(folder, digest))),
    findManifest: (reference) => guarded(`looking into ${name}`, () => findManifest(reference)),
    readManifest: (reference) => guarded(`reading from ${name}`, () => readManifest(reference)),
    putManifest: (manifest, reference) =>
      guarded(`writing to ${name}`, () => putManifest(manifest, reference)),
    deleteManifest: (digest) => guarded(`deleting ${name}@${digest}`, () => deleteManifest(digest)),
    deleteTag: (tag) => guarded(`deleting ${name}:${tag}`, () => deleteTag(tag)),
    listTags: () => guarded(`listing tags of ${name}`, listTags),
    hasTag: (tag) =>
      guarded(
        `looking for ${name}:${tag}`,
        async () => (await readLink(paths.currentLink(folder, tag))) !== undefined,
      ),
    listReferrers: (digest) => guarded(`listing referrers in ${name}`, () => listReferrers(digest)),
  };
}

/** How large a blob's content is; undefined where the store has none. */
export async function sizeOfBlob(store: string, stored: Digest): Promise<number | undefined> {
  await using handle = await openFile(paths.blobFile(store, stored));
  return handle === undefined ? undefined : (await handle.stat()).size;
}

async function guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeFailure(error, doing);
  }
}

async function readWhole(path: string): Promise<Buffer | undefined> {
  try {
    await using handle = await openFile(path);
    if (handle === undefined) return undefined;
    const { size } = await handle.stat();
    if (size > MANIFEST_LIMIT_BYTES) {
      throw new ControllerError(
        'MANIFEST_INVALID',
        `${path} is too large for a manifest (${size} bytes)`,
        {
          remedy: 'wait-for-change',
          hint: `Manifests have at most ${MANIFEST_LIMIT_BYTES} bytes.`,
        },
      );
    }
    return await handle.readFile();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function bodyOf(
  handle: FileHandle,
  range: { readonly start: number; readonly end: number } | undefined,
): BlobBody {
  const stream = createReadStream('', {
    fd: handle,
    autoClose: false,
    highWaterMark: READ_BYTES,
    start: 0,
    ...range,
  });
  return {
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>,
    async [Symbol.asyncDispose](): Promise<void> {
      stream.destroy();
      await handle.close();
    },
  };
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

function damaged(name: string, expected: Digest, actual: Digest): ControllerError {
  return new ControllerError(
    'DIGEST_MISMATCH',
    `manifest ${name}@${expected} has the digest ${actual}`,
    {
      remedy: 'wait-for-change',
      hint: 'The content was changed. Delete the manifest there and mirror the image again.',
    },
  );
}
