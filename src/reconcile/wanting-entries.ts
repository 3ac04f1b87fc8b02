import { ControllerError } from '../base/controller-error.ts';
import { formatPosition } from '../base/entry-position.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import { type Destination, relativePlace } from '../oci/destination.ts';
import { catalogPlace } from '../resolve/operators/catalog-place.ts';
import type { CatalogRequest } from '../resolve/operators/catalog-request.ts';
import { catalogRequests } from '../resolve/operators/catalog-requests.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import type { FoundLine } from './find-lines.ts';
import { namedPlaces } from './named-places.ts';
import type { MirrorFiles } from './read-mirror-files.ts';

/**
 * The entries of a mirror's files that want what a line of its lock says: additional images under the name that the line
 * has, and of operators the packages whose bundles need it, or the catalog that it is.
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
  const entries = [...named, ...ofOperators];
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

/** As the lock writes it; undefined for a catalog that cannot be mirrored. */
function destinationOf(request: CatalogRequest, destination: Destination): string | undefined {
  try {
    return relativePlace(catalogPlace(request.reference, request, destination), destination);
  } catch (error) {
    if (error instanceof ControllerError) return undefined;
    throw error;
  }
}
