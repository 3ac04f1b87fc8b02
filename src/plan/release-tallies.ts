import { isDeepStrictEqual } from 'node:util';
import type { Lock, LockedRelease } from '../lock/lock.ts';
import { releaseFinder } from '../lock/release-lines.ts';
import { compareReleaseNames } from '../lock/release-name.ts';

/** What a pass did to a release that is published: its payload is there. */
export interface ReleaseTally {
  /** The payload's tag. */
  readonly release: string;
  readonly change: 'new' | 'updated' | 'gone';
  /** How many it has now, or had; payload included. */
  readonly images: number;
}

/** What became of the releases between two locks, by version; nothing of those that are as they were. Pure. */
export function releaseTallies(before: Lock | undefined, after: Lock): ReleaseTally[] {
  if (before === after) return [];
  const here = before?.destination === after.destination ? before : undefined;
  const [old, now] = [here === undefined ? NONE : publishedOf(here), publishedOf(after)];
  const names = new Set([...old.keys(), ...now.keys()]);
  return [...names].sort(compareReleaseNames).flatMap((release): ReleaseTally[] => {
    const [was, is] = [old.get(release), now.get(release)];
    if (is === undefined) return [{ release, change: 'gone', images: was?.images.size ?? 0 }];
    const images = is.images.size;
    if (was === undefined) return [{ release, change: 'new', images }];
    return isDeepStrictEqual(was, is) ? [] : [{ release, change: 'updated', images }];
  });
}

/** One line: `4.18.9-x86_64: new, 190 images`. */
export function describeReleaseTally({ release, change, images }: ReleaseTally): string {
  if (change === 'gone') return `${release}: gone`;
  return `${release}: ${change}, ${images} ${images === 1 ? 'image' : 'images'}`;
}

/** All in one line: `3 releases added, 1 gone`; '' where there are none. */
export function sumOfReleases(tallies: readonly ReleaseTally[]): string {
  const words = { new: 'added', updated: 'updated', gone: 'gone' } as const;
  return (['new', 'updated', 'gone'] as const)
    .map(
      (change) => [tallies.filter((one) => one.change === change).length, words[change]] as const,
    )
    .filter(([count]) => count > 0)
    .map(([count, word], index) => {
      const what = index > 0 ? '' : count === 1 ? ' release' : ' releases';
      return `${count}${what} ${word}`;
    })
    .join(', ');
}

const NONE: ReadonlyMap<string, Published> = new Map();

interface Published {
  readonly line: LockedRelease;
  /** Digests by place. */
  readonly images: ReadonlyMap<string, string>;
}

function publishedOf({ releases, images }: Lock): Map<string, Published> {
  if (releases.length === 0) return new Map();
  const releaseOf = releaseFinder(releases.map(({ release }) => release));
  const lineOf = new Map(releases.map((line) => [line.release, line]));
  const imagesOf = new Map<string, Map<string, string>>();
  const payloads = new Set<string>();
  for (const image of images) {
    const release = releaseOf(image);
    if (release === undefined) continue;
    const known = imagesOf.get(release);
    if (known === undefined) imagesOf.set(release, new Map([[image.destination, image.digest]]));
    else known.set(image.destination, image.digest);
    // What is leaving, or waits for its components, has a line, and is not published.
    if (image.kind === 'release') payloads.add(release);
  }
  return new Map(
    [...payloads].flatMap((release): [string, Published][] => {
      const [line, own] = [lineOf.get(release), imagesOf.get(release)];
      return line === undefined || own === undefined ? [] : [[release, { line, images: own }]];
    }),
  );
}
