import { ControllerError } from '../../base/controller-error.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { BundleFault } from '../../lock/wanted-catalog.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';

/**
 * A bundle that a catalog is published without, for the entries that want its package. Its name is not in the message,
 * so that what one missing image does to many bundles is told once.
 */
export function bundleFailure(
  { bundle, reason }: BundleFault,
  { source, entries }: { readonly source: string; readonly entries: readonly WantingEntry[] },
): EntryFailure {
  const error = new ControllerError(
    'CATALOG_INVALID',
    `left out of the catalog of ${source}: ${reason}`,
    {
      remedy: 'retry-later',
      hint: 'See to it that all images of the bundle are there, or choose versions without it.',
    },
  );
  return { entries, wanted: `bundle ${bundle}`, error };
}
