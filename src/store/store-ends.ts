import { ControllerError } from '../base/controller-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, algorithmOf, digestTag } from '../oci/digest.ts';
import type {
  Attachments,
  BlobBody,
  BlobUpload,
  ImageSource,
  ImageTarget,
  ManifestReference,
} from '../oci/ends.ts';
import type { ManifestBytes } from '../oci/manifest.ts';
import { openBlobWriter } from './blob-writer.ts';
import { type StoreRepository, sizeOfBlob } from './store-repository.ts';
import { storeFailure } from './store-failure.ts';

const COSIGN_SUFFIXES = ['att', 'sbom', 'sig'] as const;

/** A repository of the store, to read images from. */
export function storeSource(store: string, repository: StoreRepository): ImageSource {
  return {
    name: nameOf(store, repository),
    async readManifest(reference, signal) {
      signal.throwIfAborted();
      return readManifest(store, repository, reference);
    },
    async openBlob(blob, signal) {
      signal.throwIfAborted();
      return openBlob(store, repository, blob);
    },
    async findAttachments(digest, signal) {
      signal.throwIfAborted();
      return findAttachments(repository, digest);
    },
  };
}

/** A repository of the store, to write images to. */
export function storeTarget(store: string, repository: StoreRepository): ImageTarget {
  return {
    name: nameOf(store, repository),
    scope: `store:${store}`,
    repository: repository.name,
    async findManifest(reference, signal) {
      signal.throwIfAborted();
      return repository.findManifest(reference);
    },
    async readManifest(reference, signal) {
      signal.throwIfAborted();
      return readManifest(store, repository, reference);
    },
    async beginBlob(blob, _from, signal) {
      signal.throwIfAborted();
      return beginBlob(store, repository, blob);
    },
    async putManifest(manifest, reference, signal) {
      signal.throwIfAborted();
      await repository.putManifest(manifest, reference);
    },
    async findAttachments(digest, signal) {
      signal.throwIfAborted();
      return findAttachments(repository, digest);
    },
    async listTags(signal) {
      signal.throwIfAborted();
      return repository.listTags();
    },
    async deleteManifest(digest, signal) {
      signal.throwIfAborted();
      return repository.deleteManifest(digest);
    },
    async deleteTag(tag, signal) {
      signal.throwIfAborted();
      return repository.deleteTag(tag);
    },
  };
}

function nameOf(store: string, repository: StoreRepository): string {
  return `${store}:${repository.name}`;
}

async function readManifest(
  store: string,
  repository: StoreRepository,
  reference: ManifestReference,
): Promise<ManifestBytes> {
  const manifest = await repository.readManifest(reference);
  if (manifest !== undefined) return manifest;
  const shown = reference.kind === 'tag' ? `:${reference.tag}` : `@${reference.digest}`;
  throw missing(`${nameOf(store, repository)}${shown}`);
}

async function openBlob(
  store: string,
  repository: StoreRepository,
  blob: Descriptor,
): Promise<BlobBody> {
  const body = await repository.openBlob(blob.digest);
  if (body === undefined) throw missing(`blob ${blob.digest} of ${nameOf(store, repository)}`);
  return body;
}

/** What the store has anywhere needs no second copy: everybody who writes here may read all of it, so no `from` is asked for. */
async function beginBlob(
  store: string,
  repository: StoreRepository,
  { digest, size }: Descriptor,
): Promise<BlobUpload | undefined> {
  const linked = await repository.findBlob(digest);
  if (linked?.size === size) return undefined;
  const isStored = algorithmOf(digest) === 'sha256' && (await sizeOf(store, digest)) === size;
  if (isStored) {
    await repository.linkBlob(digest, digest);
    return undefined;
  }
  const writer = await openBlobWriter(store, algorithmOf(digest)).catch((error: unknown) => {
    throw storeFailure(error, `storing ${digest}`);
  });
  return {
    async finish(content, signal) {
      try {
        await writer.append(content, signal);
      } catch (error) {
        await writer.abort();
        throw error;
      }
      await repository.linkBlob(digest, await writer.finish(digest));
    },
    abort: () => writer.abort(),
  };
}

async function sizeOf(store: string, digest: Digest): Promise<number | undefined> {
  try {
    return await sizeOfBlob(store, digest);
  } catch (error) {
    throw storeFailure(error, `looking for ${digest}`);
  }
}

async function findAttachments(repository: StoreRepository, digest: Digest): Promise<Attachments> {
  const tags: string[] = [];
  for (const suffix of COSIGN_SUFFIXES) {
    const tag = `${digestTag(digest)}.${suffix}`;
    if (await repository.hasTag(tag)) tags.push(tag);
  }
  return { tags, referrers: await repository.listReferrers(digest) };
}

function missing(what: string): ControllerError {
  return new ControllerError('REGISTRY_NOT_FOUND', `${what} is not in the store`, {
    remedy: 'wait-for-change',
    hint: 'Mirror the image to the store first, or look whether this is the right folder.',
  });
}
