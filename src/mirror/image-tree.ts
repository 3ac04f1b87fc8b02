import { ControllerError } from '../base/controller-error.ts';
import { forEachConcurrently } from '../base/for-each-concurrently.ts';
import { type Descriptor, formatPlatform, type Platform } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageSource } from '../oci/ends.ts';
import { type Manifest, type ManifestBytes, parseManifest } from '../oci/manifest.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import type { ManifestCache } from '../store/manifest-cache.ts';

/** An image with everything below it that is wanted. */
export interface ImageTree {
  /** Children before what names them, each digest once; the image itself is the last. */
  readonly nodes: readonly TreeNode[];
  /** The instances (manifests that are no index) in the order of the indexes; empty for a single image. */
  readonly instances: readonly Digest[];
  /** Platforms that were asked for and that no instance has, where others have one. */
  readonly missing: readonly Platform[];
}

export interface TreeNode {
  readonly manifest: ManifestBytes;
  readonly content: Manifest;
}

export interface TreeOptions {
  /** Only these instances of an index; absent: all. Means nothing for a single image. */
  readonly platforms?: readonly Platform[] | undefined;
  /** `everything`: every manifest. `indexes`: instances are named, but not read. */
  readonly read: 'everything' | 'indexes';
}

/** What images are read from: a source, or a target that is looked at. */
export type ManifestReader = Pick<ImageSource, 'name' | 'readManifest'>;

const MAX_DEPTH = 4;
const MAX_MANIFESTS = 10_000;
/** All manifests of one image are in memory at once. */
const MAX_BYTES = 64 * 1024 * 1024;
const READ_AT_ONCE = 8;
const INDEX_TYPES: readonly string[] = [MEDIA_TYPES.ociIndex, MEDIA_TYPES.dockerList];

/**
 * Reads an image by digest, through the cache. A child is chosen by the os and architecture that the index
 * gives it (variants do not count, a child without platform never matches); an index among the children
 * without a platform is chosen if anything in it is (spec, transfer-engine, 5.7.4 and 5.7.7).
 *
 * @throws ControllerError PLATFORM_NOT_FOUND when no instance has one of the platforms, MANIFEST_UNSUPPORTED
 *   when it is too deep or too large, and what reading throws.
 */
export async function readImageTree(
  reader: ManifestReader,
  digest: Digest,
  { platforms, read }: TreeOptions,
  manifests: Pick<ManifestCache, 'read'>,
  signal: AbortSignal,
): Promise<ImageTree> {
  const where = `${reader.name}@${digest}`;
  const found = new Map<Digest, TreeNode>();
  let bytes = 0;

  async function readNode(wanted: Digest): Promise<void> {
    if (found.size >= MAX_MANIFESTS) throw tooLarge(where, `more than ${MAX_MANIFESTS} manifests`);
    const manifest = await manifests.read(
      wanted,
      (loadSignal) => reader.readManifest({ kind: 'digest', digest: wanted }, loadSignal),
      signal,
    );
    bytes += manifest.bytes.byteLength;
    if (bytes > MAX_BYTES) throw tooLarge(where, `more than ${MAX_BYTES} bytes of manifests`);
    found.set(wanted, { manifest, content: parseManifest(manifest, `${reader.name}@${wanted}`) });
  }

  await readNode(digest);
  // Level by level, indexes only: what is chosen of an index may depend on the indexes in it.
  let level: Digest[] = [digest];
  for (let depth = 1; level.length > 0; depth += 1) {
    const below = level.flatMap((one) => childrenOf(found, one).filter(isIndex));
    const next = [...new Set(below.map((child) => child.digest))].filter((one) => !found.has(one));
    if (next.length > 0 && depth > MAX_DEPTH)
      throw tooLarge(where, `indexes nested more than ${MAX_DEPTH} deep`);
    await forEachConcurrently(next, { limit: READ_AT_ONCE, signal }, readNode);
    level = next;
  }

  const matched = new Set<string>();
  const order = childrenFirst(found, digest, choose(found, digest, platforms, matched));
  const missing = (platforms ?? []).filter((one) => !matched.has(formatPlatform(one)));
  const isFiltered = platforms !== undefined && found.get(digest)?.content.kind === 'index';
  if (isFiltered && matched.size === 0) throw notFound(where, platforms);

  const unread = order.filter((one) => !found.has(one));
  if (read === 'everything') {
    await forEachConcurrently(unread, { limit: READ_AT_ONCE, signal }, readNode);
    const liar = unread.find((one) => found.get(one)?.content.kind === 'index');
    if (liar !== undefined) throw misnamed(where, liar);
  }
  const nodes = order.map((one) => found.get(one)).filter((node) => node !== undefined);
  const instances = order.filter(
    (one) => one !== digest && found.get(one)?.content.kind !== 'index',
  );
  return { nodes, instances, missing: isFiltered ? missing : [] };
}

/** What is wanted of the image; notes in `matched` which platforms were met. */
function choose(
  found: ReadonlyMap<Digest, TreeNode>,
  top: Digest,
  platforms: readonly Platform[] | undefined,
  matched: Set<string>,
): ReadonlySet<Digest> {
  const wanted = platforms === undefined ? undefined : new Set(platforms.map(formatPlatform));
  const chosen = new Set<Digest>();
  /** Digest and whether the filter still counts, so that an index named by many is walked once. */
  const walked = new Map<string, boolean>();

  function takes(child: Descriptor, isFiltered: boolean): boolean {
    if (!isFiltered || wanted === undefined) return walk(child.digest, false);
    const platform = platformOf(child);
    if (platform === undefined) return isIndex(child) && walk(child.digest, true);
    if (!wanted.has(platform)) return false;
    matched.add(platform);
    return walk(child.digest, false);
  }

  function walk(digest: Digest, isFiltered: boolean): boolean {
    const key = `${digest} ${String(isFiltered)}`;
    const known = walked.get(key);
    if (known !== undefined) return known;
    const content = found.get(digest)?.content;
    let isChosen = true;
    if (content?.kind === 'index') {
      const taken = content.manifests.filter((child) => takes(child, isFiltered));
      isChosen = !isFiltered || taken.length > 0;
    }
    walked.set(key, isChosen);
    if (isChosen) chosen.add(digest);
    return isChosen;
  }

  walk(top, wanted !== undefined);
  return chosen;
}

function childrenFirst(
  found: ReadonlyMap<Digest, TreeNode>,
  top: Digest,
  chosen: ReadonlySet<Digest>,
): Digest[] {
  const seen = new Set<Digest>();
  const order: Digest[] = [];
  function walk(digest: Digest): void {
    if (seen.has(digest) || !chosen.has(digest)) return;
    seen.add(digest);
    for (const child of childrenOf(found, digest)) walk(child.digest);
    order.push(digest);
  }
  walk(top);
  return order;
}

function childrenOf(found: ReadonlyMap<Digest, TreeNode>, digest: Digest): readonly Descriptor[] {
  const content = found.get(digest)?.content;
  return content?.kind === 'index' ? content.manifests : [];
}

function isIndex({ mediaType }: Descriptor): boolean {
  return INDEX_TYPES.includes(mediaType);
}

function platformOf({ platform }: Descriptor): string | undefined {
  if (platform?.os === undefined || platform.architecture === undefined) return undefined;
  return formatPlatform({ os: platform.os, architecture: platform.architecture });
}

function tooLarge(where: string, what: string): ControllerError {
  return new ControllerError('MANIFEST_UNSUPPORTED', `${where} has ${what}`, {
    remedy: 'wait-for-change',
    hint: 'No image that is meant to be run is like this; ask whoever made it.',
  });
}

function misnamed(where: string, digest: Digest): ControllerError {
  return new ControllerError(
    'MANIFEST_INVALID',
    `${where} names ${digest} as an image, but it is an index`,
    { remedy: 'wait-for-change', hint: 'The index is wrong; ask whoever made it.' },
  );
}

function notFound(where: string, platforms: readonly Platform[]): ControllerError {
  const names = platforms.map(formatPlatform).join(', ');
  return new ControllerError(
    'PLATFORM_NOT_FOUND',
    `no instances found for platform ${names} in ${where}`,
    {
      remedy: 'wait-for-change',
      hint: 'Requested platform(s) not found in the manifest list of the source; verify the platforms of its entry.',
    },
  );
}
