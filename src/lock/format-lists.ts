import { compareText } from '../base/compare-text.ts';
import { type Platform, formatPlatform } from '../oci/descriptor.ts';
import { type LineObject, formatLine } from './format-line.ts';
import type {
  DeletingImage,
  Lock,
  LockedBundle,
  LockedCatalog,
  LockedConfiguration,
  LockedDeletion,
  LockedImage,
  LockedRelease,
} from './lock.ts';

/** The lists of a lock as lines of text, sorted; fields in the order that the functions below give them. */
export function formatLists(lock: Lock): string[] {
  return [
    ...formatList('configurations', lock.configurations, comparePaths, configurationLine),
    ...formatList('deletions', lock.deletions, comparePaths, deletionLine),
    ...formatList('images', lock.images, comparePlaces, imageLine),
    ...formatList('deleting', lock.deleting, comparePlaces, deletingLine),
    ...formatList('catalogs', lock.catalogs, comparePlaces, catalogLine),
    ...formatList('bundles', lock.bundles, compareBundles, bundleLine),
    ...formatList('releases', lock.releases, compareReleases, releaseLine),
  ];
}

function formatList<T>(
  key: string,
  items: readonly T[],
  compare: (a: T, b: T) => number,
  lineOf: (item: T) => LineObject,
): string[] {
  if (items.length === 0) return [`${key}: []`];
  return [`${key}:`, ...[...items].sort(compare).map((item) => `  - ${formatLine(lineOf(item))}`)];
}

function configurationLine({ path, blob, incomplete }: LockedConfiguration): LineObject {
  return { path, blob, incomplete };
}

function deletionLine({ path, blob, images, held }: LockedDeletion): LineObject {
  return { path, blob, images, held };
}

function imageLine(image: LockedImage): LineObject {
  const { destination, digest, source, kind, bytes, wantedBy } = image;
  return {
    destination,
    digest,
    source,
    kind,
    bytes,
    wantedBy: sorted(wantedBy),
    ...lastFields(image),
  };
}

function deletingLine(image: DeletingImage): LineObject {
  const { destination, digest, since, reason, held, source, kind, bytes } = image;
  return { destination, digest, since, reason, held, source, kind, bytes, ...lastFields(image) };
}

function lastFields({
  platforms,
  superseded,
  data,
  base,
}: LockedImage | DeletingImage): LineObject {
  return {
    platforms: platforms === undefined ? undefined : sortPlatforms(platforms),
    superseded,
    data,
    base,
  };
}

function catalogLine(catalog: LockedCatalog): LineObject {
  const { destination, name, source, sourceDigest, inputs, without, template } = catalog;
  return {
    destination,
    name,
    source,
    sourceDigest,
    inputs,
    without: without === undefined ? undefined : sorted(without),
    template,
  };
}

function bundleLine({
  catalog,
  bundle,
  version,
  channels,
  images,
  unlisted,
  ...rest
}: LockedBundle): LineObject {
  return {
    catalog,
    package: rest.package,
    bundle,
    version,
    channels: sorted(channels),
    images: sorted(images),
    unlisted,
  };
}

function releaseLine({ release, payload, channels, signature }: LockedRelease): LineObject {
  return { release, payload, channels: sorted(channels), signature };
}

function sorted(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...texts].sort(compareText);
}

function sortPlatforms(platforms: readonly Platform[]): LineObject[] {
  return [...platforms]
    .sort((a, b) => compareText(formatPlatform(a), formatPlatform(b)))
    .map(({ os, architecture }) => ({ os, architecture }));
}

interface Placed {
  readonly destination: string;
  readonly source: string;
}

function comparePlaces(a: Placed, b: Placed): number {
  return compareText(a.destination, b.destination) || compareText(a.source, b.source);
}

function comparePaths(a: { readonly path: string }, b: { readonly path: string }): number {
  return compareText(a.path, b.path);
}

function compareBundles(a: LockedBundle, b: LockedBundle): number {
  return (
    compareText(a.catalog, b.catalog) ||
    compareText(a.package, b.package) ||
    compareText(a.bundle, b.bundle)
  );
}

function compareReleases(a: LockedRelease, b: LockedRelease): number {
  return compareText(a.release, b.release);
}
