import { stat } from 'node:fs/promises';
import { compareText } from '../base/compare-text.ts';
import { ControllerError } from '../base/controller-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { type ManifestBytes, parseManifest } from '../oci/manifest.ts';
import { isMissing } from './store-failure.ts';
import { listFolders } from './store-files.ts';

/**
 * Remembers which manifests are referrers, and of what. The tree has no place for an index of them (spec,
 * transfer-engine, 2.3), so manifests are read, each once per process: their content never changes.
 */
export interface ReferrerScan {
  /**
   * The manifests of a repository whose `subject` is the digest, sorted by digest; some may be deleted by now.
   * @param revisions the folder with one folder per manifest.
   */
  find(
    revisions: string,
    subject: Digest,
    read: (digest: Digest) => Promise<ManifestBytes | undefined>,
  ): Promise<readonly Descriptor[]>;
}

interface KnownRevisions {
  /** When the folder changed last, as of the last listing; undefined where that listing may be out of date. */
  modifiedMs: number | undefined;
  readonly seen: Set<string>;
  readonly bySubject: Map<Digest, Descriptor[]>;
}

/** File systems tell times in ticks of some milliseconds: a folder that changed just now may change again unseen. */
const TICK_MS = 100;

export function createReferrerScan(): ReferrerScan {
  const knownByFolder = new Map<string, KnownRevisions>();
  return {
    async find(revisions, subject, read) {
      const known = knownByFolder.get(revisions) ?? {
        modifiedMs: undefined,
        seen: new Set<string>(),
        bySubject: new Map<Digest, Descriptor[]>(),
      };
      knownByFolder.set(revisions, known);
      const modifiedMs = await modifiedAt(revisions);
      if (modifiedMs === undefined) return [];
      if (modifiedMs !== known.modifiedMs) {
        const isSettled = Date.now() - modifiedMs > TICK_MS;
        await readUnknown(known, revisions, read);
        known.modifiedMs = isSettled ? modifiedMs : undefined;
      }
      return (known.bySubject.get(subject) ?? []).toSorted((a, b) =>
        compareText(a.digest, b.digest),
      );
    },
  };
}

async function readUnknown(
  known: KnownRevisions,
  revisions: string,
  read: (digest: Digest) => Promise<ManifestBytes | undefined>,
): Promise<void> {
  for (const hex of await listFolders(revisions)) {
    const digest = `sha256:${hex}`;
    if (known.seen.has(hex) || !isDigest(digest)) continue;
    const manifest = await readUndamaged(digest, read);
    // Not there: deleted, or being written at this moment, so it is looked at again.
    if (manifest === undefined || known.seen.has(hex)) continue;
    known.seen.add(hex);
    const referrer = describe(manifest);
    if (referrer === undefined) continue;
    const others = known.bySubject.get(referrer.subject) ?? [];
    known.bySubject.set(referrer.subject, [...others, referrer.descriptor]);
  }
}

async function modifiedAt(folder: string): Promise<number | undefined> {
  try {
    return (await stat(folder)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** One damaged manifest must not hide the referrers of the others. */
async function readUndamaged(
  digest: Digest,
  read: (digest: Digest) => Promise<ManifestBytes | undefined>,
): Promise<ManifestBytes | undefined> {
  try {
    return await read(digest);
  } catch (error) {
    if (error instanceof ControllerError && error.code !== 'STORE_UNAVAILABLE') return undefined;
    throw error;
  }
}

/** The descriptor that a list of referrers has (OCI distribution-spec, "Listing Referrers"). */
function describe(
  manifest: ManifestBytes,
): { subject: Digest; descriptor: Descriptor } | undefined {
  const parsed = parseUndamaged(manifest);
  if (parsed?.subject === undefined) return undefined;
  const artifactType =
    parsed.artifactType ?? (parsed.kind === 'image' ? parsed.config.mediaType : undefined);
  return {
    subject: parsed.subject.digest,
    descriptor: {
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.bytes.byteLength,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(parsed.annotations === undefined ? {} : { annotations: { ...parsed.annotations } }),
    },
  };
}

function parseUndamaged(manifest: ManifestBytes): ReturnType<typeof parseManifest> | undefined {
  try {
    return parseManifest(manifest, manifest.digest);
  } catch (error) {
    if (error instanceof ControllerError) return undefined;
    throw error;
  }
}
