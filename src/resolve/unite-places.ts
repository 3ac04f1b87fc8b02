import { compareText } from '../base/compare-text.ts';
import { ControllerError } from '../base/controller-error.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import type { ImageKind, WantedImage, WantingEntry } from '../lock/wanted-image.ts';
import { type Platform, formatPlatform } from '../oci/descriptor.ts';
import { formatPlace } from '../oci/destination.ts';
import type { Resolved } from './resolve-images.ts';

/** Of one image that is wanted as several kinds, the first of these says what it is for. */
const KINDS: readonly ImageKind[] = [
  'catalog',
  'bundle',
  'related-image',
  'release',
  'release-component',
  'graph',
  'helm',
  'additional',
];

/**
 * Makes one image of the entries that want the same at the same place: with one digest they are one image,
 * with two sources where two are named and the platforms of all; with two digests all of them fail
 * (design.md, section 5, step 3). Sorted by place, then source.
 */
export function unitePlaces(resolved: Resolved): Resolved {
  const byPlace = Map.groupBy(resolved.wanted, ({ place }) => formatPlace(place));
  const wanted: WantedImage[] = [];
  const failures = [...resolved.failures];
  for (const [place, images] of [...byPlace].sort(([a], [b]) => compareText(a, b))) {
    const digests = new Set(images.map(({ digest }) => digest));
    if (digests.size > 1) failures.push(conflict(place, images));
    else wanted.push(...uniteImages(images));
  }
  return { wanted, failures: failures.sort((a, b) => compareEntries(a.entries[0], b.entries[0])) };
}

function uniteImages(images: readonly WantedImage[]): WantedImage[] {
  const platforms = unitePlatforms(images);
  const bySource = Map.groupBy(images, ({ source }) => source);
  return [...bySource]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, same]) => {
      // Looked up side by side, they come in any order.
      const [first] = same.toSorted((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
      if (first === undefined) return [];
      const { platforms: own, ...image } = first;
      const entries = same.flatMap((one) => one.entries).sort(compareEntries);
      return [{ ...image, entries, ...(platforms === undefined ? {} : { platforms }) }];
    });
}

/** The platforms of all; undefined, which is every instance, if one of them wants every instance. */
function unitePlatforms(images: readonly WantedImage[]): Platform[] | undefined {
  const byName = new Map<string, Platform>();
  for (const { platforms } of images) {
    if (platforms === undefined) return undefined;
    for (const platform of platforms) byName.set(formatPlatform(platform), platform);
  }
  return [...byName].sort(([a], [b]) => compareText(a, b)).map(([, platform]) => platform);
}

function conflict(place: string, images: readonly WantedImage[]): EntryFailure {
  const entries = images.flatMap((image) => image.entries).sort(compareEntries);
  const named = images
    .flatMap(({ source, digest, entries: [entry] }) =>
      entry === undefined ? [] : [{ source, digest, entry }],
    )
    .sort((a, b) => compareEntries(a.entry, b.entry))
    .map(({ source, digest, entry }) => `${source} (${formatEntry(entry)}, ${digest})`);
  return {
    entries,
    wanted: place,
    error: new ControllerError(
      'DESTINATION_CONFLICT',
      `${place} would have to be different images at once: ${named.join(' and ')}`,
      {
        remedy: 'wait-for-change',
        hint: images.some(({ kind }) => kind === 'release' || kind === 'release-component')
          ? 'Take one of the releases out: the place of a release cannot be chosen.'
          : 'Give one of the entries a targetRepo or a targetTag of its own.',
      },
    ),
  };
}

function formatEntry({ position: { path, line, column } }: WantingEntry): string {
  return `${path}:${line}:${column}`;
}

function compareEntries(a: WantingEntry | undefined, b: WantingEntry | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  return (
    compareText(a.position.path, b.position.path) ||
    a.position.line - b.position.line ||
    a.position.column - b.position.column
  );
}
