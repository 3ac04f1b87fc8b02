import { compareText } from '../../base/compare-text.ts';
import type { WantedImage } from '../../lock/wanted-image.ts';
import type { WantedRelease } from '../../lock/wanted-release.ts';
import { type Place, formatPlace } from '../../oci/destination.ts';

/**
 * One release for each place, for the channels and entries of all that want it. Of two that would differ the payload is
 * not left in `wanted`, and so neither release: the lock goes on with the one that it has.
 */
export function uniteReleases(
  releases: readonly WantedRelease[],
  wanted: readonly WantedImage[],
): WantedRelease[] {
  const isLeft = new Set(
    wanted.flatMap(({ kind, place }) => (kind === 'release' ? [formatPlace(place)] : [])),
  );
  const byPlace = Map.groupBy(releases, ({ place }) => formatPlace(place));
  return [...byPlace].flatMap(([place, same]) => {
    const [first] = same;
    if (first === undefined || !isLeft.has(place)) return [];
    const components = new Map<string, Place>();
    for (const one of same)
      for (const component of one.components) components.set(formatPlace(component), component);
    return [
      {
        ...first,
        channels: [...new Set(same.flatMap(({ channels }) => channels))].sort(compareText),
        components: [...components.values()],
        entries: same.flatMap(({ entries }) => entries),
      },
    ];
  });
}
