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
  const isLeft = payloadPlaces(wanted);
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

/**
 * Of a release whose payload is not left nothing new is wanted: components alone are good for nothing, and no line of the
 * lock would say whose they are. What of it is there stays, since its entries fail.
 */
export function withoutStrayComponents(
  releases: readonly WantedRelease[],
  wanted: readonly WantedImage[],
): readonly WantedImage[] {
  const isLeft = payloadPlaces(wanted);
  const stray = new Set(
    releases
      .filter(({ place }) => !isLeft.has(formatPlace(place)))
      .flatMap(({ components }) => components.map(formatPlace)),
  );
  if (stray.size === 0) return wanted;
  return wanted.filter(
    ({ kind, place }) => kind !== 'release-component' || !stray.has(formatPlace(place)),
  );
}

function payloadPlaces(wanted: readonly WantedImage[]): ReadonlySet<string> {
  return new Set(
    wanted.flatMap(({ kind, place }) => (kind === 'release' ? [formatPlace(place)] : [])),
  );
}
