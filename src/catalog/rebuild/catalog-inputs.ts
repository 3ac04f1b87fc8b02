import { compareText } from '../../base/compare-text.ts';
import { formatPlatform, type Platform } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { CatalogSelection } from '../catalog-selection.ts';

/**
 * Counts the ways in which we build: with another filter, validation, layer or compressor equal inputs give
 * another image, and this number must grow, or what was built stays what it was.
 */
const LAYER_FORMAT = 1;

/**
 * The digest of all that a rebuilt catalog is made from (design.md, section 4): equal inputs give the same image,
 * so it is never built again. The order in which an image set lists things does not count.
 */
export function catalogInputs({
  sourceDigest,
  selection,
  without,
  platforms = [],
}: {
  readonly sourceDigest: Digest;
  readonly selection: CatalogSelection;
  /** Names of bundles that are left out, since their images are not there. */
  readonly without: readonly string[];
  readonly platforms?: readonly Platform[] | undefined;
}): Digest {
  const packages = selection.packages?.map((entry) => ({
    name: entry.name,
    channels: sortedByName(entry.channels ?? []).map(({ name, minVersion, maxVersion }) => {
      return { name, minVersion, maxVersion };
    }),
    defaultChannel: entry.defaultChannel,
    minVersion: entry.minVersion,
    maxVersion: entry.maxVersion,
    bundles: sortedSet((entry.bundles ?? []).map(({ name }) => name)),
  }));
  const inputs = {
    layerFormat: LAYER_FORMAT,
    sourceDigest,
    full: selection.full,
    packages: packages && sortedByName(packages),
    without: sortedSet(without),
    platforms: sortedSet(platforms.map(formatPlatform)),
  };
  return digestOf(Buffer.from(JSON.stringify(inputs)));
}

function sortedByName<T extends { readonly name: string }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => compareText(a.name, b.name));
}

function sortedSet(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort(compareText);
}
