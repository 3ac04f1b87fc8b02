import { compareText } from '../base/compare-text.ts';
import type { LockedCatalog } from '../lock/lock.ts';
import { digestOf, hexOf } from '../oci/digest.ts';

/** A DNS label has at most 63 characters; `cs-` and `cc-` take three. */
const LONGEST_NAME = 60;
const TAG_CHARACTERS = 12;
const HASH_CHARACTERS = 5;

/**
 * The names of the resources of catalogs, without `cs-` and `cc-`, by destination (`PATH:TAG`, as the lock writes
 * it). A name that a lock has given is kept. A new one is the reference tool's or, if another catalog has that,
 * with `-` and five hex digits of the destination's SHA-256 (design.md, section 5, step 6). The order of the
 * destinations does not count.
 * @param given catalogs of the lock, orphans included: clusters may still have their resources.
 */
export function nameCatalogs(
  given: readonly Pick<LockedCatalog, 'destination' | 'name'>[],
  destinations: readonly string[],
): Map<string, string> {
  const nameOf = new Map(given.map(({ destination, name }) => [destination, name]));
  const taken = new Set(nameOf.values());
  for (const destination of destinations.toSorted(compareText)) {
    if (nameOf.has(destination)) continue;
    const name = freeName(destination, taken);
    nameOf.set(destination, name);
    taken.add(name);
  }
  return new Map(
    destinations.flatMap((destination) => {
      const name = nameOf.get(destination);
      return name === undefined ? [] : [[destination, name] as const];
    }),
  );
}

function freeName(destination: string, taken: ReadonlySet<string>): string {
  const name = catalogName(destination);
  if (name.length <= LONGEST_NAME && !taken.has(name)) return name;
  const hash = hexOf(digestOf(Buffer.from(destination)));
  let length = HASH_CHARACTERS;
  let hashed: string;
  do {
    const suffix = `-${hash.slice(0, length)}`;
    hashed = `${withoutDashes(name.slice(0, LONGEST_NAME - suffix.length))}${suffix}`;
    length += 1;
  } while (taken.has(hashed));
  return hashed;
}

/**
 * The reference tool's name for the catalog at `PATH:TAG` (spec, config-and-outputs, 4.4): the last segment of the
 * path and twelve characters of the tag. What that tool would refuse as no DNS label is made one: an underscore
 * becomes a dash, and no dash ends the name.
 */
function catalogName(destination: string): string {
  const colon = destination.lastIndexOf(':');
  const path = destination.slice(0, colon);
  const segment = path.slice(path.lastIndexOf('/') + 1).replaceAll(/[._]/g, '-');
  const tag = destination.slice(colon + 1, colon + 1 + TAG_CHARACTERS).toLowerCase();
  const suffix = withoutDashes(tag.replaceAll(/[^a-z0-9-]/g, '-'));
  return `${segment}-${suffix === '' ? '0' : suffix}`;
}

/** Without those at the end. */
function withoutDashes(text: string): string {
  return text.replace(/-+$/, '');
}
