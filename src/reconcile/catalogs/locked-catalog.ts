import type { Lock, LockedBundle, LockedCatalog } from '../../lock/lock.ts';
import type { WantedCatalog } from '../../lock/wanted-catalog.ts';
import type { WantedImage } from '../../lock/wanted-image.ts';
import {
  type Place,
  absolutePlace,
  formatDestination,
  relativePlace,
} from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import { inputsOf } from '../../resolve/operators/build-catalog.ts';
import type { CatalogRequest } from '../../resolve/operators/catalog-request.ts';
import type { PassContext } from '../pass-context.ts';
import { templatePath } from '../read-templates.ts';
import { unchangedFiles } from '../unchanged-files.ts';
import { wantedPackages } from './wanted-packages.ts';

/** A catalog that the lock has just as the files want it. */
export interface CatalogAsLocked {
  readonly wanted: readonly WantedImage[];
  readonly catalog: WantedCatalog;
}

/**
 * What a catalog's entries want, read from the lock: possible where its files did not change since they were complete,
 * it is built of the same, and all of its images have lines. Undefined where the catalog itself has to be read.
 */
export function asLocked(
  { files, mirror }: Pick<PassContext, 'files' | 'mirror'>,
  lock: Lock | undefined,
  request: CatalogRequest,
  at: { readonly place: Place; readonly digest: Digest },
): CatalogAsLocked | undefined {
  const { destination } = mirror;
  if (lock?.destination !== formatDestination(destination)) return undefined;
  const key = relativePlace(at.place, destination);
  const line = lock.catalogs.find((one) => one.destination === key);
  if (line === undefined || !isSame(line, request, at.digest)) return undefined;
  const isUnchanged = unchangedFiles(files, lock);
  if (!request.entries.every(({ position }) => isUnchanged(position.path))) return undefined;
  const bundles = lock.bundles.filter((one) => one.catalog === key && one.unlisted !== true);
  const entriesOf = entriesByDestination(request, key, bundles);
  const lines = lock.images.filter((one) => entriesOf.has(one.destination));
  const there = new Set(lines.map((one) => one.destination));
  if ([...entriesOf.keys()].some((one) => !there.has(one))) return undefined;

  const placeOf = (relative: string): Place[] => {
    const place = absolutePlace(relative, destination);
    return place === undefined ? [] : [place];
  };
  const paths = new Set(request.entries.map(({ position }) => position.path));
  const wanted = lines
    // The same image under another name may be somebody else's wish.
    .filter((one) => one.wantedBy.some((path) => paths.has(path)))
    .flatMap((one) =>
      placeOf(one.destination).map((place): WantedImage => {
        const { digest, source, kind, platforms, destination: relative } = one;
        const some = platforms === undefined ? {} : { platforms };
        const entries = [...(entriesOf.get(relative) ?? [])];
        return { place, digest, source, kind, ...some, entries };
      }),
    );
  const { source, sourceDigest, inputs, template } = line;
  const catalog: WantedCatalog = {
    place: at.place,
    source,
    sourceDigest,
    ...(inputs === undefined ? {} : { inputs }),
    ...(template === undefined ? {} : { template }),
    bundles: bundles.map(({ images, bundle, version, channels, package: name }) => {
      return { package: name, bundle, version, channels, places: images.flatMap(placeOf) };
    }),
    without: [],
    packages: wantedPackages(request, bundles),
    entries: request.entries,
  };
  return { wanted, catalog };
}

function isSame(line: LockedCatalog, request: CatalogRequest, digest: Digest): boolean {
  const template = request.template === undefined ? undefined : templatePath(request.template);
  return (
    line.source === request.source &&
    line.sourceDigest === digest &&
    line.without === undefined &&
    line.template === template &&
    line.inputs === inputsOf(request, digest, [])
  );
}

/** The entries that want each place of a catalog: its own, and those of its bundles. */
function entriesByDestination(
  request: CatalogRequest,
  key: string,
  bundles: readonly LockedBundle[],
): Map<string, Set<WantedImage['entries'][number]>> {
  const entriesOf = new Map([[key, new Set(request.entries)]]);
  const entryOf = new Map<string, WantedImage['entries'][number]>();
  for (const { package: name, images } of bundles) {
    const entry = entryOf.get(name) ?? request.entryOf(name);
    entryOf.set(name, entry);
    for (const image of images) {
      const entries = entriesOf.get(image);
      if (entries === undefined) entriesOf.set(image, new Set([entry]));
      else entries.add(entry);
    }
  }
  return entriesOf;
}
