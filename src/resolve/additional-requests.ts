import { ControllerError } from '../base/controller-error.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import { type Destination, placeAdditionalImage } from '../oci/destination.ts';
import { parseReference } from '../oci/reference.ts';
import type { AdditionalEntry } from './additional-entries.ts';
import type { ImageRequest, Requested } from './image-request.ts';

/** Where entries of `additionalImages` go (spec, config-and-outputs, 3.1). Asks nobody. */
export function additionalRequests(
  entries: readonly AdditionalEntry[],
  destination: Destination,
): Requested {
  const requests: ImageRequest[] = [];
  const failures: EntryFailure[] = [];
  for (const additional of entries) {
    const { name, entry, platforms } = additional;
    try {
      const reference = parseReference(name);
      const place = placeAdditionalImage(reference, additional, destination);
      requests.push({ name, reference, place, kind: 'additional', platforms, entries: [entry] });
    } catch (error) {
      if (!(error instanceof ControllerError)) throw error;
      failures.push({ entries: [entry], wanted: name, error });
    }
  }
  return { requests, failures };
}
