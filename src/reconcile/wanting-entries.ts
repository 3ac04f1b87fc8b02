import { ControllerError } from '../base/controller-error.ts';
import { formatPosition } from '../base/entry-position.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import { type Destination, relativePlace } from '../oci/destination.ts';
import { hexOf } from '../oci/digest.ts';
import { catalogPlace } from '../resolve/operators/catalog-place.ts';
import { isInRange, isOfArchitecture, isPayload } from '../resolve/releases/match-release.ts';
import type { PlatformRequest } from '../resolve/releases/release-request.ts';
import { platformRequests } from '../resolve/releases/release-requests.ts';
import type { CatalogRequest } from '../resolve/operators/catalog-request.ts';
import { catalogRequests } from '../resolve/operators/catalog-requests.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import type { FoundLine } from './find-lines.ts';
import { namedPlaces } from './named-places.ts';
import type { MirrorFiles } from './read-mirror-files.ts';

/**
 * The entries of a mirror's files that want what a line of its lock says: additional images under the name that the line
 * has, of operators the packages whose bundles need it, or the catalog that it is, and of releases the channels that chose
 * its release.
 */
export function wantingEntries(
  found: Extract<FoundLine, { readonly kind: 'image' }>,
  { documents }: MirrorFiles,
  { destination }: MirrorSettings,
): WantingEntry[] {
  const { line } = found;
  const wanting = documents.filter(({ kind }) => kind === 'mirror');
  const named = namedPlaces(wanting, destination)
    .filter(
      ({ place, source }) =>
        relativePlace(place, destination) === line.destination && source === line.source,
    )
    .map(({ entry }) => entry);
  const files = new Set(line.wantedBy);
  const ofOperators = catalogRequests(wanting)
    .flatMap((request) => operatorEntries(found, request, destination))
    .filter(({ position }) => files.has(position.path));
  const ofReleases = platformRequests(wanting)
    .filter(({ entry }) => files.has(entry.position.path))
    .flatMap((request) => releaseEntries(found, request));
  const entries = [...named, ...ofOperators, ...ofReleases];
  return [...new Map(entries.map((entry) => [formatPosition(entry.position), entry])).values()];
}

function operatorEntries(
  { line, bundles }: Pick<FoundLine, 'line' | 'bundles'>,
  request: CatalogRequest,
  destination: Destination,
): WantingEntry[] {
  const at = destinationOf(request, destination);
  if (at === line.destination) return [...request.entries];
  return bundles
    .filter(({ catalog, unlisted }) => catalog === at && unlisted !== true)
    .map((bundle) => request.entryOf(bundle.package));
}

/**
 * Of a release that two channels of a file may have chosen, those in whose range it is; of one on the way between them
 * both.
 */
function releaseEntries(
  { line, release }: Pick<FoundLine, 'line' | 'release'>,
  { channels, architectures, pinned, graph }: PlatformRequest,
): WantingEntry[] {
  if (line.kind === 'graph') return graph === undefined ? [] : [graph];
  if (release === undefined) return [];
  if (pinned !== undefined) {
    // One that is pinned by a tag and has no signature is called by its digest.
    const byTag = !pinned.name.includes('@');
    const isUnsigned = byTag && release.release === hexOf(release.payload);
    return isPayload(release, pinned.name) || isUnsigned ? [pinned.entry] : [];
  }
  const choosing = channels.filter(
    ({ name, type }) =>
      release.channels.includes(name) && isOfArchitecture(release, type, architectures),
  );
  const inRange = choosing.filter((channel) => isInRange(release, channel));
  return (inRange.length > 0 ? inRange : choosing).map(({ entry }) => entry);
}

/** As the lock writes it; undefined for a catalog that cannot be mirrored. */
function destinationOf(request: CatalogRequest, destination: Destination): string | undefined {
  try {
    return relativePlace(catalogPlace(request.reference, request, destination), destination);
  } catch (error) {
    if (error instanceof ControllerError) return undefined;
    throw error;
  }
}
