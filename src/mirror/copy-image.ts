import { formatPlatform, type Platform } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageSource, ImageTarget } from '../oci/ends.ts';
import { blobsOf } from '../oci/manifest.ts';
import { copyAttachments } from './copy-attachments.ts';
import type { CopyContext } from './copy-context.ts';
import { copyChildren, copyManifest } from './copy-manifest.ts';
import { type CopyCounts, createCopyTally } from './copy-tally.ts';
import { type ImageTree, readImageTree } from './image-tree.ts';

export interface ImageCopy {
  readonly digest: Digest;
  /** The tag that it gets at the target. */
  readonly tag: string;
  /** Only these instances of an index; the index itself is copied as it is (sparse). */
  readonly platforms?: readonly Platform[] | undefined;
  /** Whether signatures, attestations, SBOMs and referrers come along. */
  readonly attachments: boolean;
  /** The tag is known to be at the target under this digest: only attachments are looked for. */
  readonly isPresent?: boolean;
  /** What it is called in progress events; default: the target's name and the tag. */
  readonly id?: string;
}

export interface CopyResult extends CopyCounts {
  /** Bytes in distinct blobs of the wanted instances: what the image takes at its destination. */
  readonly bytes: number;
  /** Attachments that were sent. */
  readonly attachments: number;
  /** What someone should know, although the image is there. */
  readonly warnings: readonly string[];
}

/**
 * Copies an image from any source to any target: the only copy there is. Manifests are never changed. Blobs
 * go first, then what names them; attachments before the tag, so that a tag under the right digest tells that
 * the image is complete with its signatures (spec, transfer-engine, 5.7 and 5.8).
 *
 * @throws ControllerError of either end, PLATFORM_NOT_FOUND, MANIFEST_INVALID, MANIFEST_UNSUPPORTED, BLOB_CORRUPT.
 */
export async function copyImage(
  source: ImageSource,
  target: ImageTarget,
  image: ImageCopy,
  context: CopyContext,
  signal: AbortSignal,
): Promise<CopyResult> {
  const ends = { source, target, image: image.id ?? `${target.name}:${image.tag}` };
  const options = { platforms: image.platforms, read: 'everything' } as const;
  const tree = await readImageTree(source, image.digest, options, context.manifests, signal);
  const bytes = bytesOf(tree);
  context.progress.report({ kind: 'image-read', image: ends.image, bytes });

  const tally = createCopyTally();
  if (image.isPresent !== true) await copyChildren(ends, tree, tally, context, signal);
  else context.progress.report({ kind: 'bytes-spared', image: ends.image, bytes });
  const top = tree.nodes.at(-1);
  const attached = image.attachments
    ? await copyAttachments(ends, tree, tally, context, signal)
    : { copied: 0, warnings: [] };
  if (image.isPresent !== true && top !== undefined) {
    const reference = { kind: 'tag', tag: image.tag } as const;
    await copyManifest(ends, top, reference, tally, context, signal);
  }
  const missing = tree.missing.map(
    (platform) => `no instances found for platform ${formatPlatform(platform)} in ${source.name}`,
  );
  return {
    bytes,
    ...tally.counts(),
    attachments: attached.copied,
    warnings: [...missing, ...attached.warnings],
  };
}

function bytesOf(tree: ImageTree): number {
  const sizes = new Map<Digest, number>();
  for (const { content } of tree.nodes) {
    for (const { digest, size } of blobsOf(content)) sizes.set(digest, size);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
