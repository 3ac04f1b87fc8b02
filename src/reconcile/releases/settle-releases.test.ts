import { expect, it } from 'vitest';
import type { Digest } from '../../oci/digest.ts';
import type { PlannedImage } from '../../plan/plan.ts';
import type { PlannedRelease } from '../../plan/planned-release.ts';
import { settleReleases } from './settle-releases.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}` as Digest;
const ENTRY = {
  position: { path: 'a.yaml', line: 4, column: 7 },
  field: 'mirror.platform.channels[0]',
};
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

function planned(version: string): { release: PlannedRelease; payload: PlannedImage } {
  const destination = `openshift/release-images:${version}`;
  const release = {
    ...{ destination, release: version, payload: DIGEST, channels: [], entries: [ENTRY] },
    components: NAMES.map((name) => `openshift/release:${version}-${name}`),
    ...{ newImages: 0, bytesToMove: 0 },
  };
  const payload: PlannedImage = {
    place: { host: 'reg.io', repository: 'openshift/release-images', tag: version },
    ...{ destination, digest: DIGEST, kind: 'release', entries: [ENTRY] },
    sources: [{ source: `q.io/ocp:${version}`, wantedBy: ['a.yaml'] }],
  };
  return { release, payload };
}

const [first, second] = [planned('4.18.1-x86_64'), planned('4.18.2-x86_64')];

it('lets payloads go whose components are all there', () => {
  const settled = settleReleases(
    [first.release, second.release],
    [first.payload, second.payload],
    () => undefined,
  );
  expect(settled).toEqual({ images: [first.payload, second.payload], failures: [] });
});

it('keeps a payload back of which components are missing, and names some of them', () => {
  const { images, failures } = settleReleases(
    [first.release, second.release],
    [first.payload, second.payload],
    (destination) => {
      if (destination.endsWith('4.18.2-x86_64-b')) return 'refused';
      return destination.includes('4.18.2') ? 'no such manifest' : undefined;
    },
  );
  expect(images).toEqual([first.payload]);
  expect(failures.map(({ wanted, entries }) => [wanted, entries])).toEqual([
    ['q.io/ocp:4.18.2-x86_64', [ENTRY]],
  ]);
  const { code, message } = failures[0]?.error ?? {};
  expect(code).toBe('RELEASE_INCOMPLETE');
  const names = (...list: string[]): string =>
    list.map((name) => `openshift/release:4.18.2-x86_64-${name}`).join(', ');
  expect(message).toContain(
    `: ${names('a', 'c', 'd', 'e')} (no such manifest), ${names('b')} (refused), and 2 more`,
  );
});
