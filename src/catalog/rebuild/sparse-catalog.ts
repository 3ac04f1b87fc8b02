import type { Platform } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { writeContent } from '../../built/built-content.ts';
import { openBuiltImage } from '../../built/built-image.ts';
import { instanceIndex } from '../../built/instance-index.ts';
import type { BuiltCatalog } from './rebuild-catalog.ts';
import { readInstances } from '../../built/source-instances.ts';

export interface SparseOptions {
  readonly source: ImageSource;
  readonly digest: Digest;
  readonly platforms: readonly Platform[];
  /** As of `rebuildCatalog`. */
  readonly folder: string;
}

/**
 * An unfiltered catalog for some platforms: a new index of the source's own instances, since a registry may refuse
 * an index that names others (spec, operator-catalogs, 4.6). The source itself where that leaves nothing out, or
 * where it is a single image.
 *
 * @throws ControllerError PLATFORM_NOT_FOUND, MANIFEST_INVALID, STORE_UNAVAILABLE, and what the source throws.
 */
export async function sparseCatalog(
  { source, digest, platforms, folder }: SparseOptions,
  signal: AbortSignal,
): Promise<BuiltCatalog> {
  const { instances, isPart, isSingle } = await readInstances(source, digest, platforms, signal);
  if (isSingle || !isPart) return { digest, image: source };
  const entries = instances.map(({ manifest, platform }) => {
    const { mediaType, bytes } = manifest;
    return { mediaType, digest: manifest.digest, size: bytes.byteLength, platform };
  });
  const index = await writeContent(folder, [instanceIndex(entries)], signal);
  return { digest: index.digest, image: openBuiltImage(folder, source) };
}
