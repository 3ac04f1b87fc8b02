import type { LockedImage, LockedRelease } from '../../src/lock/lock.ts';
import type { PlannedImage } from '../../src/plan/plan.ts';
import type { PlannedRelease } from '../../src/plan/planned-release.ts';
import { digest, entry, line, planned } from './sample-plan.ts';

/** Where the payload of a release goes, as the lock writes it. */
export function payloadAt(release: string): string {
  return `openshift/release-images:${release}`;
}

/** Where a component of a release goes, as the lock writes it. */
export function componentAt(release: string, name: string): string {
  return `openshift/release:${release}-${name}`;
}

const NAMES = ['cli', 'hyperkube'];

/** A release of a plan that the lock does not have, with two components. */
export function plannedRelease(
  release: string,
  over: Partial<PlannedRelease> = {},
): PlannedRelease {
  return {
    destination: payloadAt(release),
    release,
    payload: digest('a'),
    channels: ['stable-4.18'],
    signature: digest('d'),
    components: NAMES.map((name) => componentAt(release, name)),
    entries: [entry('base.yaml', 8, 'mirror.platform.channels[0]')],
    newImages: 0,
    bytesToMove: 0,
    ...over,
  };
}

/** The lock's line of a planned release, with changes. */
export function lockedRelease(release: string, over: Partial<LockedRelease> = {}): LockedRelease {
  const { payload, channels, signature = digest('d') } = plannedRelease(release);
  return { release, payload, channels, signature, ...over };
}

/** The images of a planned release, to be added: components first. */
export function imagesOf({ destination, components }: PlannedRelease): PlannedImage[] {
  return [
    ...components.map((at) => planned('x', { destination: at, kind: 'release-component' })),
    planned('x', { destination, kind: 'release' }),
  ];
}

/** The lines of a release with two components, components first. */
export function linesOf(release: string, over: Partial<LockedImage> = {}): LockedImage[] {
  const source = `quay.io/openshift-release-dev/ocp-release:${release}`;
  return [
    ...NAMES.map((name) =>
      line('x', {
        destination: componentAt(release, name),
        digest: digest('b'),
        source: `quay.io/openshift-release-dev/ocp-v4.0-art-dev@${digest('b')}`,
        kind: 'release-component',
        ...over,
      }),
    ),
    line('x', {
      destination: payloadAt(release),
      digest: digest('a'),
      source,
      kind: 'release',
      ...over,
    }),
  ];
}
