import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import type { ManifestBytes } from './manifest.ts';

/**
 * The two ends of every copy (design.md, section 3): a repository to read from and a repository to write
 * to. A registry, the store, an OCI layout directory and an archive are each one or both of these; the
 * copy engine knows nothing else about them.
 *
 * All calls throw ControllerError; all take the AbortSignal that ends them.
 */

/** A tag or a digest, as manifests are asked for. */
export type ManifestReference =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'digest'; readonly digest: Digest };

/** A blob being read. Destroyed on every way out (`await using`). Its bytes are not verified: see `verified`. */
export interface BlobBody extends AsyncIterable<Uint8Array>, AsyncDisposable {}

/** A repository that images are read from. */
export interface ImageSource {
  /** For messages and for comparing ends, e.g. `quay.io/team/app` or `oci:///srv/layouts/app`. */
  readonly name: string;
  /**
   * The manifest's exact bytes, of at most MANIFEST_LIMIT_BYTES; verified when asked for by digest.
   * @throws REGISTRY_NOT_FOUND when it is not there, DIGEST_MISMATCH when the bytes are others.
   */
  readManifest(reference: ManifestReference, signal: AbortSignal): Promise<ManifestBytes>;
  /** Opens a blob; interrupted reads are resumed inside. `blob.urls` are tried where the end has no such blob. */
  openBlob(blob: Descriptor, signal: AbortSignal): Promise<BlobBody>;
  /**
   * Tags and manifests that belong to an image without being named by it: cosign's `sha256-<hex>.sig`, `.att`
   * and `.sbom` tags, and the referrers of the digest (spec, transfer-engine, 5.12 and 7.4). Empty where there
   * are none. Costs at most one request for most images.
   */
  findAttachments(digest: Digest, signal: AbortSignal): Promise<Attachments>;
}

/** What belongs to an image without being named by it. */
export interface Attachments {
  /** Cosign tags that exist, e.g. `sha256-ab….sig`. */
  readonly tags: readonly string[];
  /** Manifests whose `subject` is the image. */
  readonly referrers: readonly Descriptor[];
}

/** An upload that was opened. Exactly one of `finish` and `abort` is called. */
export interface BlobUpload {
  /** Streams the content. The target verifies the digest too. */
  finish(content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** Gives the upload up, best effort, never throws. */
  abort(): Promise<void>;
}

/** A repository that images are written to. */
export interface ImageTarget {
  /** For messages and for comparing ends, e.g. `mirror.example.com/site/team/app`. */
  readonly name: string;
  /** What blobs are shared within: two targets with one `scope` can mount from each other (registry host, store folder). */
  readonly scope: string;
  /** The name that other targets of the scope mount from. */
  readonly repository: string;
  /** The digest that a reference has here, or undefined where it is not there. One request. */
  findManifest(reference: ManifestReference, signal: AbortSignal): Promise<Digest | undefined>;
  /** As `ImageSource.readManifest`. */
  readManifest(reference: ManifestReference, signal: AbortSignal): Promise<ManifestBytes>;
  /**
   * Opens an upload, or finds that none is needed: `undefined` when the blob is here already or was mounted
   * `from` a repository of the scope. One request either way (a mount from the image's own repository tells
   * whether it is there).
   */
  beginBlob(
    blob: Descriptor,
    options: { readonly from: string },
    signal: AbortSignal,
  ): Promise<BlobUpload | undefined>;
  /**
   * Puts a manifest under a tag, or under its digest. Verifies that the target keeps the bytes.
   * @throws DIGEST_MISMATCH when it reports another digest.
   */
  putManifest(
    manifest: ManifestBytes,
    reference: ManifestReference,
    signal: AbortSignal,
  ): Promise<void>;
  /** As `ImageSource.findAttachments`, of what is here. */
  findAttachments(digest: Digest, signal: AbortSignal): Promise<Attachments>;
  /** All tags of the repository, sorted; empty where there is no such repository. */
  listTags(signal: AbortSignal): Promise<string[]>;
  /** Deletes a manifest and every tag on it. `false`: it was gone already. @throws REGISTRY_DELETE_UNSUPPORTED */
  deleteManifest(digest: Digest, signal: AbortSignal): Promise<boolean>;
  /** Deletes a tag alone. `false`: it was gone already. @throws REGISTRY_DELETE_UNSUPPORTED where only manifests can be deleted. */
  deleteTag(tag: string, signal: AbortSignal): Promise<boolean>;
}
