import type { LockedImage } from './lock.ts';

/**
 * Which of some releases an image is of: its payload has the release as its tag, its components have tags that start
 * with the release and `-`, whatever the repository; where two releases fit, the longer one counts. What has no name
 * in its payload is of none.
 * @param releases tags of payloads.
 */
export function releaseFinder(
  releases: Iterable<string>,
): (line: Pick<LockedImage, 'kind' | 'destination'>) => string | undefined {
  const names = new Set(releases);
  return ({ kind, destination }) => {
    if (kind !== 'release' && kind !== 'release-component') return undefined;
    const tag = destination.slice(destination.lastIndexOf(':') + 1);
    if (kind === 'release') return names.has(tag) ? tag : undefined;
    for (let dash = tag.lastIndexOf('-'); dash > 0; dash = tag.lastIndexOf('-', dash - 1)) {
      const name = tag.slice(0, dash);
      if (names.has(name)) return name;
    }
    return undefined;
  };
}
