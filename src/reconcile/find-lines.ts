import { absolutePlace, formatPlace, parseDestination } from '../oci/destination.ts';
import type { DeletingImage, Lock, LockedImage } from '../lock/lock.ts';

/** A line of a lock, and in which of its lists it is. */
export type FoundLine =
  | { readonly kind: 'image'; readonly line: LockedImage; readonly place: string }
  | { readonly kind: 'deleting'; readonly line: DeletingImage; readonly place: string };

/**
 * The lines of a lock that a text means: a destination (`ubi9/ubi:latest`, or with host and path), a source
 * reference, a repository of either, or a digest (also the first hexadecimal digits of it).
 */
export function findLines(lock: Lock, text: string): FoundLine[] {
  const wanted = text.replace(/^[a-z]+:\/\//, '');
  const destination = parseDestination(lock.destination);
  const found: FoundLine[] = [];
  const add = (kind: FoundLine['kind'], line: LockedImage | DeletingImage): void => {
    const place = absolutePlace(line.destination, destination);
    const full = place === undefined ? line.destination : formatPlace(place);
    if (!isMeant(line, full, wanted)) return;
    found.push({ kind, line, place: full } as FoundLine);
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
