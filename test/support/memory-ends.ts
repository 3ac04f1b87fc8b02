import { ControllerError } from '../../src/base/controller-error.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { type Digest, digestOf, digestTag } from '../../src/oci/digest.ts';
import type {
  Attachments,
  BlobBody,
  ImageSource,
  ImageTarget,
  ManifestReference,
} from '../../src/oci/ends.ts';
import { type ManifestBytes, parseManifest } from '../../src/oci/manifest.ts';
import type { MadeImage } from './make-image.ts';

/** A registry in memory: both ends of a copy, every request written down, any of them made to fail. */
export interface MemoryRegistry {
  readonly repositories: ReadonlyMap<string, MemoryRepository>;
  /** Everything that was asked, e.g. `begin team/app sha256:ab… from team/base`. */
  readonly requests: string[];
  /** Blobs being sent at this moment, and the most that ever were. */
  readonly transfers: { now: number; most: number };
  /** Asked before every request is answered; throws, or waits, to make it fail or slow. */
  before: (request: string, signal: AbortSignal) => Promise<void> | void;
  /** What a blob's body really delivers. */
  deliver: (bytes: Uint8Array, blob: Descriptor) => AsyncIterable<Uint8Array>;
  repository(name: string): MemoryRepository;
  source(name: string): ImageSource;
  target(name: string): ImageTarget;
  /** Puts a whole image in, under a tag if one is given. */
  add(name: string, image: MadeImage, tag?: string): void;
  /** Requests whose text starts so. */
  requested(start: string): string[];
}

export interface MemoryRepository {
  readonly manifests: Map<Digest, ManifestBytes>;
  readonly tags: Map<string, Digest>;
  readonly blobs: Map<Digest, Uint8Array>;
}

export interface MemoryOptions {
  readonly mounts?: boolean;
  /** Whether a manifest is refused whose blobs or children are missing; default: blobs are checked. */
  readonly checks?: 'blobs' | 'everything' | 'nothing';
  readonly deletes?: 'tags-and-manifests' | 'manifests' | 'nothing';
  readonly hasReferrers?: boolean;
}

export function createMemoryRegistry(scope: string, options: MemoryOptions = {}): MemoryRegistry {
  const { mounts = true, checks = 'blobs', deletes = 'manifests', hasReferrers = true } = options;
  const repositories = new Map<string, MemoryRepository>();
  const registry: MemoryRegistry = {
    repositories,
    requests: [],
    transfers: { now: 0, most: 0 },
    before: () => undefined,
    deliver: chunksOf,
    repository(name) {
      const found = repositories.get(name) ?? {
        manifests: new Map(),
        tags: new Map(),
        blobs: new Map(),
      };
      repositories.set(name, found);
      return found;
    },
    source: end,
    target: end,
    add(name, image, tag) {
      const { manifests, blobs, tags } = registry.repository(name);
      for (const manifest of image.manifests) manifests.set(manifest.digest, manifest);
      for (const [digest, bytes] of image.blobs) blobs.set(digest, bytes);
      if (tag !== undefined) tags.set(tag, image.top.digest);
    },
    requested: (start) => registry.requests.filter((request) => request.startsWith(start)),
  };

  async function ask(request: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    registry.requests.push(request);
    // A real request takes a while: others get their turn.
    await new Promise((resolve) => setImmediate(resolve));
    await registry.before(request, signal);
    signal.throwIfAborted();
  }

  function end(name: string): ImageSource & ImageTarget {
    const here = registry.repository(name);

    function digestFor(reference: ManifestReference): Digest | undefined {
      const digest = reference.kind === 'tag' ? here.tags.get(reference.tag) : reference.digest;
      return digest !== undefined && here.manifests.has(digest) ? digest : undefined;
    }

    return {
      name: `${scope}/${name}`,
      scope,
      repository: name,
      async readManifest(reference, signal) {
        await ask(`read ${name} ${textOf(reference)}`, signal);
        const manifest = here.manifests.get(digestFor(reference) ?? ('' as Digest));
        if (manifest === undefined) throw notFound(`${scope}/${name} ${textOf(reference)}`);
        return manifest;
      },
      async openBlob(blob, signal): Promise<BlobBody> {
        await ask(`open ${name} ${blob.digest}`, signal);
        const bytes = here.blobs.get(blob.digest);
        if (bytes === undefined) throw notFound(`${scope}/${name} ${blob.digest}`);
        const body = registry.deliver(bytes, blob);
        return {
          [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](),
          [Symbol.asyncDispose]: () => Promise.resolve(),
        };
      },
      async findAttachments(digest, signal): Promise<Attachments> {
        await ask(`attachments ${name} ${digest}`, signal);
        const tags = [...here.tags.keys()].filter((tag) => tag.startsWith(`${digestTag(digest)}.`));
        const referrers = [...here.manifests.values()].filter(
          (manifest) => hasReferrers && parseManifest(manifest, name).subject?.digest === digest,
        );
        return {
          tags,
          referrers: referrers.map(({ mediaType, digest: own, bytes }) => {
            return { mediaType, digest: own, size: bytes.byteLength };
          }),
        };
      },
      async findManifest(reference, signal) {
        await ask(`find ${name} ${textOf(reference)}`, signal);
        return digestFor(reference);
      },
      async beginBlob(blob, { from }, signal) {
        await ask(`begin ${name} ${blob.digest} from ${from}`, signal);
        const held = repositories.get(from)?.blobs.get(blob.digest);
        if (held !== undefined && (mounts || from === name)) {
          here.blobs.set(blob.digest, held);
          return undefined;
        }
        return {
          async finish(content, finishSignal) {
            registry.transfers.now += 1;
            registry.transfers.most = Math.max(registry.transfers.most, registry.transfers.now);
            try {
              await ask(`send ${name} ${blob.digest}`, finishSignal);
              const bytes = Buffer.concat(await Array.fromAsync(content));
              finishSignal.throwIfAborted();
              if (digestOf(bytes) !== blob.digest) throw new Error('the target got other bytes');
              here.blobs.set(blob.digest, bytes);
            } finally {
              registry.transfers.now -= 1;
            }
          },
          abort() {
            registry.requests.push(`cancel ${name} ${blob.digest}`);
            return Promise.resolve();
          },
        };
      },
      async putManifest(manifest, reference, signal) {
        await ask(`put ${name} ${textOf(reference)}`, signal);
        const lacks = lackedBy(manifest, here, checks);
        if (lacks !== undefined) {
          throw new ControllerError('REGISTRY_REFUSED', `${name}: ${lacks} unknown`, {
            remedy: 'wait-for-change',
          });
        }
        here.manifests.set(manifest.digest, manifest);
        if (reference.kind === 'tag') here.tags.set(reference.tag, manifest.digest);
      },
      async listTags(signal) {
        await ask(`tags ${name}`, signal);
        return [...here.tags.keys()].sort();
      },
      async deleteManifest(digest, signal) {
        await ask(`delete ${name} ${digest}`, signal);
        if (deletes === 'nothing') throw undeletable();
        for (const [tag, named] of here.tags) if (named === digest) here.tags.delete(tag);
        return here.manifests.delete(digest);
      },
      async deleteTag(tag, signal) {
        await ask(`untag ${name} ${tag}`, signal);
        if (deletes !== 'tags-and-manifests') throw undeletable();
        return here.tags.delete(tag);
      },
    };
  }

  return registry;
}

function lackedBy(
  manifest: ManifestBytes,
  { blobs, manifests }: MemoryRepository,
  checks: 'blobs' | 'everything' | 'nothing',
): Digest | undefined {
  if (checks === 'nothing') return undefined;
  const content = parseManifest(manifest, 'a put');
  if (content.kind === 'image') {
    const needed = [content.config, ...content.layers].filter(({ urls }) => urls === undefined);
    return needed.find(({ digest }) => !blobs.has(digest))?.digest;
  }
  if (checks === 'blobs') return undefined;
  return content.manifests.find(({ digest }) => !manifests.has(digest))?.digest;
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.byteLength; offset += 1000) {
    await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(offset, offset + 1000);
  }
}

function textOf(reference: ManifestReference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest;
}

function notFound(what: string): ControllerError {
  return new ControllerError('REGISTRY_NOT_FOUND', `${what} is not there`, {
    remedy: 'wait-for-change',
  });
}

function undeletable(): ControllerError {
  return new ControllerError('REGISTRY_DELETE_UNSUPPORTED', 'deletes are off', {
    remedy: 'wait-for-change',
  });
}
