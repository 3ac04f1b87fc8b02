import { compareText } from '../base/compare-text.ts';
import type { Lock, LockedImage } from '../lock/lock.ts';
import { compareReleaseNames } from '../lock/release-name.ts';
import type { WantedRelease } from '../lock/wanted-release.ts';
import { relativePlace } from '../oci/destination.ts';
import type { PlannedImage } from './plan.ts';
import type { PlanInput } from './plan-input.ts';
import type { PlannedRelease } from './planned-release.ts';

/** What the images of a plan leave for its releases. */
export interface ComingImages {
  /** Adds and updates. */
  readonly images: readonly PlannedImage[];
  readonly lines: readonly LockedImage[];
  /** As `blobsToMove` gives them. */
  readonly blobs: ReadonlyMap<string, number>;
}

/** The releases of a plan beside what the lock has of them, by version. `lock` is one of the same destination. */
export function planReleases(
  { releases, destination, blobsOf }: PlanInput,
  lock: Lock | undefined,
  coming: ComingImages,
): PlannedRelease[] {
  if (releases.length === 0) return [];
  const placed = releases.map((wanted) => {
    const at = relativePlace(wanted.place, destination);
    const components = new Set(wanted.components.map((place) => relativePlace(place, destination)));
    return { wanted, at, components: [...components].sort(compareText) };
  });
  const count = counter(coming, blobsOf);
  const previousOf = new Map(lock?.releases.map((line) => [line.release, line]));
  return placed
    .sort((a, b) => compareReleases(a.wanted, b.wanted) || compareText(a.at, b.at))
    .map(({ wanted, at, components }) => {
      const { release, payload, channels, signature, entries } = wanted;
      const previous = previousOf.get(release);
      return {
        destination: at,
        release,
        payload,
        channels: [...channels].sort(compareText),
        ...(signature === undefined ? {} : { signature }),
        components,
        entries,
        ...count([...components, at]),
        ...(previous === undefined ? {} : { previous }),
      };
    });
}

function compareReleases(a: WantedRelease, b: WantedRelease): number {
  return compareReleaseNames(a.release, b.release);
}

/** Counts what is new of images; what was counted once is not counted again. */
function counter(
  { images, lines, blobs }: ComingImages,
  blobsOf: PlanInput['blobsOf'],
): (destinations: readonly string[]) => Pick<PlannedRelease, 'newImages' | 'bytesToMove'> {
  const coming = new Map(images.map((image) => [image.destination, image]));
  const seen = new Set<string>(coming.size === 0 ? [] : lines.map(({ digest }) => digest));
  const left = new Map(blobs);
  return (destinations) => {
    let newImages = 0;
    let bytesToMove = 0;
    for (const destination of destinations) {
      const image = coming.get(destination);
      if (image === undefined) continue;
      if (!seen.has(image.digest)) newImages += 1;
      seen.add(image.digest);
      if (left.size === 0) continue;
      for (const { digest, size } of blobsOf(image.digest, image.platforms) ?? []) {
        if (left.delete(digest)) bytesToMove += size;
      }
    }
    return { newImages, bytesToMove };
  };
}
