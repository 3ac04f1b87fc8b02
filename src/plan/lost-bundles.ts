import type { LockedBundle } from '../lock/lock.ts';
import type { BundleFault } from '../lock/wanted-catalog.ts';
import type { PlannedCatalog } from './planned-catalog.ts';

/**
 * The bundles of the published catalog that the filter still selects and that the new one would not list. Whoever
 * installed one of them must find it: with any of these the published catalog stays (design.md, section 5, step 6).
 */
export function lostBundles(
  { bundles, previousBundles }: Pick<PlannedCatalog, 'bundles' | 'previousBundles'>,
  listed: readonly LockedBundle[],
  without: readonly BundleFault[],
): LockedBundle[] {
  const selected = new Set([...bundles, ...without].map(bundleKey));
  const stays = new Set(listed.map(bundleKey));
  return previousBundles.filter((one) => {
    const key = bundleKey(one);
    return selected.has(key) && !stays.has(key);
  });
}

/** A bundle inside its catalog: its name counts inside its package alone. */
export function bundleKey(bundle: { readonly package: string; readonly bundle: string }): string {
  return `${bundle.package}/${bundle.bundle}`;
}
