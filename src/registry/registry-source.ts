import { ControllerError } from '../base/controller-error.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import type { ImageSource } from '../oci/ends.ts';
import { type ManifestBytes, parseManifest } from '../oci/manifest.ts';
import type { AttachmentFinder } from './api/find-attachments.ts';
import { openBlob } from './api/open-blob.ts';
import { readManifest } from './api/read-manifest.ts';
import type { Repository } from './api/repository.ts';

/** Most digests whose endpoint is remembered: about 20 MB, far more than one pass has in flight. */
const MOST_REMEMBERED = 100_000;

/**
 * A repository to read from. Of several endpoints (mirrors, then the location) the first that delivers a
 * manifest serves what the manifest names; after a failure the next attempt is free to choose again
 * (spec, transfer-engine, 6.3.6).
 */
export function createRegistrySource(
  name: string,
  {
    openEndpoints,
    attachments,
    now,
  }: {
    /** The repositories to try, in order. Throws what registries.conf refuses. */
    readonly openEndpoints: () => readonly Repository[];
    readonly attachments: AttachmentFinder;
    readonly now: () => number;
  },
): ImageSource {
  const servedBy = new Map<Digest, Repository>();

  function remember(repository: Repository, manifest: ManifestBytes): void {
    for (const digest of [manifest.digest, ...namedBy(manifest)]) {
      servedBy.delete(digest);
      servedBy.set(digest, repository);
    }
    for (const digest of servedBy.keys()) {
      if (servedBy.size <= MOST_REMEMBERED) break;
      servedBy.delete(digest);
    }
  }

  /** Calls `read` with the endpoint that serves the content, or with each in turn until one delivers. */
  async function deliver<T>(
    content: string,
    read: (repository: Repository) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ readonly value: T; readonly repository: Repository; readonly isOnly: boolean }> {
    const all = openEndpoints();
    const known = isDigest(content) ? servedBy.get(content) : undefined;
    const endpoints = known === undefined ? all : [known];
    const failures: { readonly repository: Repository; readonly error: ControllerError }[] = [];
    for (const repository of endpoints) {
      try {
        return { value: await read(repository), repository, isOnly: all.length === 1 };
      } catch (error) {
        signal.throwIfAborted();
        if (isDigest(content)) servedBy.delete(content);
        if (!(error instanceof ControllerError)) throw error;
        failures.push({ repository, error });
      }
    }
    throw joined(failures, content);
  }

  return {
    name,
    async readManifest(reference, signal) {
      const content = reference.kind === 'digest' ? reference.digest : `:${reference.tag}`;
      const read = (repository: Repository): Promise<ManifestBytes> =>
        readManifest(repository, reference, signal);
      const { value, repository, isOnly } = await deliver(content, read, signal);
      if (!isOnly) remember(repository, value);
      return value;
    },
    async openBlob(blob, signal) {
      const read = (repository: Repository): ReturnType<typeof openBlob> =>
        openBlob(repository, blob, now, signal);
      return (await deliver(blob.digest, read, signal)).value;
    },
    async findAttachments(digest, signal) {
      const read = (repository: Repository): ReturnType<AttachmentFinder['find']> =>
        attachments.find(repository, digest, signal);
      return (await deliver(digest, read, signal)).value;
    },
  };
}

/** What a manifest names. One that cannot be read names nothing: whoever needs it reports that. */
function namedBy(manifest: ManifestBytes): Digest[] {
  try {
    const read = parseManifest(manifest, manifest.digest);
    const named = read.kind === 'index' ? read.manifests : [...read.layers, read.config];
    return named.map(({ digest }) => digest);
  } catch {
    return [];
  }
}

/** One error out of those of all endpoints; the last one, of the location itself, leads (spec, transfer-engine, 6.3.7). */
function joined(
  failures: readonly { readonly repository: Repository; readonly error: ControllerError }[],
  content: string,
): unknown {
  const last = failures.at(-1);
  if (last === undefined) throw new Error('a source has at least one endpoint');
  if (failures.length === 1) return last.error;
  const suffix = content.startsWith(':') ? content : `@${content}`;
  const mirrors = failures
    .slice(0, -1)
    .map(({ repository, error }) => `[${repository.name}${suffix}: ${error.message}]`)
    .join('\n');
  const mayPass = failures.some(({ error }) => error.remedy === 'retry-later');
  return new ControllerError(
    last.error.code,
    `(Mirrors also failed: ${mirrors}): ${last.repository.name}${suffix}: ${last.error.message}`,
    {
      remedy: mayPass ? 'retry-later' : 'wait-for-change',
      ...(last.error.hint === undefined ? {} : { hint: last.error.hint }),
      cause: last.error,
    },
  );
}
