import { expect, it } from 'vitest';
import type { WantedImage } from '../../lock/wanted-image.ts';
import type { WantedRelease } from '../../lock/wanted-release.ts';
import { formatPlace } from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import { uniteReleases } from './unite-releases.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}` as Digest;

function wanted(version: string, path: string, over: Partial<WantedRelease> = {}): WantedRelease {
  const place = (repository: string, tag: string): WantedRelease['place'] => {
    return { host: 'reg.io', repository, tag };
  };
  return {
    place: place('openshift/release-images', version),
    ...{ release: version, payload: DIGEST, channels: ['stable-4.18'] },
    components: [place('openshift/release', `${version}-cli`)],
    entries: [{ position: { path, line: 1, column: 1 }, field: 'mirror.platform' }],
    ...over,
  };
}

function payloadOf({ place, entries }: WantedRelease): WantedImage {
  return { place, digest: DIGEST, source: 'q.io/ocp:1', kind: 'release', entries };
}

it('makes one release of those that several files want', () => {
  const boot = {
    host: 'reg.io',
    repository: 'openshift/release',
    tag: '4.18.1-kube-virt-container',
  };
  const one = wanted('4.18.1', 'a.yaml');
  const other = wanted('4.18.1', 'b.yaml', {
    channels: ['fast-4.18', 'stable-4.18'],
    components: [...one.components, boot],
  });
  const united = uniteReleases([one, other], [payloadOf(one)]);
  expect(united).toHaveLength(1);
  expect(united[0]?.channels).toEqual(['fast-4.18', 'stable-4.18']);
  expect(united[0]?.components.map(formatPlace)).toEqual([
    'reg.io/openshift/release:4.18.1-cli',
    'reg.io/openshift/release:4.18.1-kube-virt-container',
  ]);
  expect(united[0]?.entries.map(({ position }) => position.path)).toEqual(['a.yaml', 'b.yaml']);
});

it('leaves out a release whose payload is not wanted any more, since two differ', () => {
  const [one, other] = [wanted('4.18.1', 'a.yaml'), wanted('4.18.2', 'a.yaml')];
  expect(uniteReleases([one, other], [payloadOf(other)]).map(({ release }) => release)).toEqual([
    '4.18.2',
  ]);
});
