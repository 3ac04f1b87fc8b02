import { compareText } from '../base/compare-text.ts';
import type { ImageKind } from '../lock/wanted-image.ts';
import type { Place } from '../oci/destination.ts';
import { type RegistryReference, parseReference } from '../oci/reference.ts';

/** An image at its place, as clusters ask for it and where they find it. */
export interface MirroredImage {
  /** The full reference that it was pulled by, as in the lock. */
  readonly source: string;
  readonly place: Place;
  readonly kind: ImageKind;
}

/** How wide the entries of mirror sets are. */
export interface MirrorSetScope {
  /** `namespace`: one entry for all repositories of a namespace that keep their names; `repository`: one for each. */
  readonly scope: 'namespace' | 'repository';
  /** Whether paths are folded at the destination (`max-nested-paths`), which leaves only repository scope. */
  readonly nested: boolean;
}

/** What a mirror set is for; each has its own resource. */
export type MirrorCategory = 'release' | 'operator' | 'generic';

/** One ImageDigestMirrorSet or ImageTagMirrorSet. */
export interface MirrorSet {
  readonly category: MirrorCategory;
  /** At least one, sorted by source. */
  readonly entries: readonly MirrorEntry[];
}

export interface MirrorEntry {
  readonly source: string;
  /** At least one, sorted. */
  readonly mirrors: readonly string[];
}

/** The mirror sets of a mirror: for pulls by digest and for pulls by tag. */
export interface MirrorSets {
  readonly idms: readonly MirrorSet[];
  readonly itms: readonly MirrorSet[];
}

/**
 * The mirror sets that send pulls of `images` to their places (spec, config-and-outputs, 4.2 and 4.3): names
 * and scopes are the reference tool's; segments are compared as wholes, short names are written in full, and
 * what comes from a layout on disk, which no cluster asks for, has no entry (design.md, section 8).
 * @throws ControllerError REFERENCE_INVALID for a source that is no reference.
 */
export function mirrorSets(images: readonly MirroredImage[], scope: MirrorSetScope): MirrorSets {
  const byDigest: Collected = new Map();
  const byTag: Collected = new Map();
  for (const image of images) {
    const category = categoryOf(image.kind);
    if (category === undefined) continue;
    const reference = parseReference(image.source);
    if (reference.kind === 'layout') continue;
    const entry = entryOf(reference, image.place, scope);
    const isByTag = reference.tag !== undefined || reference.digest === undefined;
    // Clusters pull a release by digest, whatever its payload was mirrored by.
    if (reference.digest !== undefined || image.kind === 'release')
      collect(byDigest, category, entry);
    if (isByTag) collect(byTag, category, entry);
  }
  return { idms: setsOf(byDigest), itms: setsOf(byTag) };
}

function categoryOf(kind: ImageKind): MirrorCategory | undefined {
  switch (kind) {
    case 'release':
    case 'release-component':
      return 'release';
    case 'bundle':
    case 'related-image':
      return 'operator';
    case 'additional':
    case 'helm':
      return 'generic';
    case 'graph':
    case 'catalog':
      return undefined; // Their own resources name them at the mirror.
    default:
      return kind satisfies never;
  }
}

interface SourceAndMirror {
  readonly source: string;
  readonly mirror: string;
}

function entryOf(
  { registry, repository }: RegistryReference,
  place: Place,
  { scope, nested }: MirrorSetScope,
): SourceAndMirror {
  const keepsItsName =
    place.repository === repository || place.repository.endsWith(`/${repository}`);
  if (nested || scope === 'repository' || !keepsItsName) {
    return { source: `${registry}/${repository}`, mirror: `${place.host}/${place.repository}` };
  }
  return {
    source: withoutLastSegment(`${registry}/${repository}`),
    mirror: withoutLastSegment(`${place.host}/${place.repository}`),
  };
}

function withoutLastSegment(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}

/** Mirrors by source, by category. */
type Collected = Map<MirrorCategory, Map<string, Set<string>>>;

function collect(into: Collected, category: MirrorCategory, entry: SourceAndMirror): void {
  const sources = into.get(category) ?? new Map<string, Set<string>>();
  const mirrors = sources.get(entry.source) ?? new Set<string>();
  into.set(category, sources.set(entry.source, mirrors.add(entry.mirror)));
}

function setsOf(collected: Collected): MirrorSet[] {
  return [...collected]
    .map(([category, sources]) => ({ category, entries: entriesOf(sources) }))
    .sort((a, b) => compareText(a.category, b.category));
}

function entriesOf(sources: ReadonlyMap<string, ReadonlySet<string>>): MirrorEntry[] {
  return [...sources]
    .map(([source, mirrors]) => ({ source, mirrors: [...mirrors].sort(compareText) }))
    .sort((a, b) => compareText(a.source, b.source));
}
