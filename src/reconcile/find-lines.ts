import { absolutePlace, formatPlace, parseDestination } from '../oci/destination.ts';
import type {
  DeletingImage,
  Lock,
  LockedBundle,
  LockedCatalog,
  LockedImage,
  LockedRelease,
} from '../lock/lock.ts';
import { releaseFinder } from '../lock/release-lines.ts';

/** A line of a lock, in which of its lists it is, and what it is there for. */
export type FoundLine = Purpose &
  (
    | { readonly kind: 'image'; readonly line: LockedImage; readonly place: string }
    | { readonly kind: 'deleting'; readonly line: DeletingImage; readonly place: string }
  );

interface Purpose {
  /** The bundles that need the image, as the lock has them. */
  readonly bundles: readonly LockedBundle[];
  /** Of a catalog's image. */
  readonly catalog: LockedCatalog | undefined;
  /** Of a payload, and of a component. */
  readonly release: LockedRelease | undefined;
}

/**
 * The lines of a lock that a text means: a destination (`ubi9/ubi:latest`, or with host and path), a source
 * reference, a repository of either, a digest (also the first hexadecimal digits of it), or the name of a bundle,
 * which means all images that it needs, or of a release, which means its payload; of one without a payload its components.
 */
export function findLines(lock: Lock, text: string): FoundLine[] {
  const wanted = text.replace(/^[a-z]+:\/\//, '');
  const destination = parseDestination(lock.destination);
  const ofBundle = new Set(
    lock.bundles.filter(({ bundle }) => bundle === text).flatMap(({ images }) => images),
  );
  const releaseOf = releaseFinder(lock.releases.map(({ release }) => release));
  const hasPayload = [...lock.images, ...lock.deleting].some(
    (line) => line.kind === 'release' && releaseOf(line) === text,
  );
  const found: FoundLine[] = [];
  const add = (kind: FoundLine['kind'], line: LockedImage | DeletingImage): void => {
    const place = absolutePlace(line.destination, destination);
    const full = place === undefined ? line.destination : formatPlace(place);
    const name = releaseOf(line);
    const isOfRelease = name === text && (line.kind === 'release' || !hasPayload);
    const isNamed = ofBundle.has(line.destination) || isOfRelease;
    if (!isNamed && !isMeant(line, full, wanted)) return;
    const bundles = lock.bundles.filter(({ images }) => images.includes(line.destination));
    const catalog = lock.catalogs.find((one) => one.destination === line.destination);
    const release = lock.releases.find((one) => one.release === name);
    found.push({ kind, line, place: full, bundles, catalog, release } as FoundLine);
  };
  for (const line of lock.images) add('image', line);
  for (const line of lock.deleting) add('deleting', line);
  return found;
}

function isMeant(
  { destination, source, digest }: LockedImage | DeletingImage,
  place: string,
  text: string,
): boolean {
  if (/^sha256:[0-9a-f]{4,64}$/.test(text)) return digest.startsWith(text);
  const belowHost = place.slice(place.indexOf('/') + 1);
  const names = [destination, place, belowHost, source.replace(/^oci:\/\//, '')];
  return names.some((name) => name === text || nameWithoutTag(name) === text);
}

function nameWithoutTag(name: string): string {
  const bare = name.split('@')[0] ?? name;
  const colon = bare.lastIndexOf(':');
  return colon > bare.lastIndexOf('/') ? bare.slice(0, colon) : bare;
}
