import type { LockedImage } from '../lock/lock.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import { relativePlace } from '../oci/destination.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import { namedPlaces } from './named-places.ts';
import type { MirrorFiles } from './read-mirror-files.ts';

/** The entries of a mirror's files that want what a line of its lock says, under the name that the line has. */
export function wantingEntries(
  line: LockedImage,
  files: MirrorFiles,
  mirror: MirrorSettings,
): WantingEntry[] {
  const documents = files.documents.filter(({ kind }) => kind === 'mirror');
  return namedPlaces(documents, mirror.destination)
    .filter(
      ({ place, source }) =>
        relativePlace(place, mirror.destination) === line.destination && source === line.source,
    )
    .map(({ entry }) => entry);
}
