import { describe, expect, it } from 'vitest';
import { loadImageSets } from '../../imageset/load-image-sets.ts';
import type { Lock, LockedImage, LockedRelease } from '../../lock/lock.ts';
import type { ImageKind } from '../../lock/wanted-image.ts';
import { formatPlace, parseDestination } from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import type { PlatformRequest } from '../../resolve/releases/release-request.ts';
import { platformRequests } from '../../resolve/releases/release-requests.ts';
import { type ReleasesAsLocked, lockedReleases } from './locked-releases.ts';

const DESTINATION = parseDestination('docker://reg.io/site');
const FILE = 'releases.yaml';
const SIGNATURE = `sha256:${'51'.repeat(32)}` as Digest;
const digestOf = (name: string): Digest =>
  `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)}` as Digest;

function line(destination: string, kind: ImageKind, wantedBy = [FILE]): LockedImage {
  return {
    destination,
    kind,
    wantedBy,
    digest: digestOf(destination),
    source: 'q.io/a:1',
    bytes: 1,
  };
}

function release(name: string, channels: readonly string[]): LockedRelease {
  const payload = digestOf(`openshift/release-images:${name}`);
  return { release: name, payload, channels, signature: SIGNATURE };
}

const IMAGES = ['4.18.1-x86_64', '4.18.2-x86_64'].flatMap((name) => [
  line(`openshift/release-images:${name}`, 'release'),
  line(`openshift/release:${name}-cli`, 'release-component'),
]);
const LOCK: Lock = {
  version: 1,
  mirror: 'prod',
  destination: 'reg.io/site',
  source: { commit: 'c'.repeat(40), branch: 'main' },
  images: [...IMAGES, line('openshift/release:4.17.0-x86_64-cli', 'release-component', ['b.yaml'])],
  releases: [
    release('4.18.1-x86_64', ['fast-4.18']),
    release('4.18.2-x86_64', ['fast-4.18', 'stable-4.18']),
  ],
  ...{ configurations: [], deletions: [], deleting: [], catalogs: [], bundles: [] },
};

function requestOf(platform: string): PlatformRequest {
  const text = `apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror:
  platform: ${platform}
`;
  const { documents, problems } = loadImageSets([{ path: FILE, text, named: true }]);
  const [request] = platformRequests(documents);
  if (request === undefined) throw new Error(JSON.stringify(problems));
  return request;
}

const BOTH = requestOf('{channels: [{name: fast-4.18, full: true}, {name: stable-4.18}]}');

function locked(
  lock: Lock | undefined,
  request = BOTH,
  signatures: ReadonlySet<Digest> = new Set([SIGNATURE]),
): ReleasesAsLocked | undefined {
  return lockedReleases(request, lock, DESTINATION, signatures);
}

describe('lockedReleases', () => {
  it('finds what a file wants, each release for the channels that chose it', () => {
    const found = locked(LOCK);
    expect(
      found?.releases.map(({ release: name, components, entries }) => [
        name,
        components.map(formatPlace),
        entries.map(({ field }) => field),
      ]),
    ).toEqual([
      [
        '4.18.1-x86_64',
        ['reg.io/site/openshift/release:4.18.1-x86_64-cli'],
        ['mirror.platform.channels[0]'],
      ],
      [
        '4.18.2-x86_64',
        ['reg.io/site/openshift/release:4.18.2-x86_64-cli'],
        ['mirror.platform.channels[0]', 'mirror.platform.channels[1]'],
      ],
    ]);
    expect(found?.wanted.map(({ place }) => formatPlace(place))).toEqual([
      'reg.io/site/openshift/release:4.18.1-x86_64-cli',
      'reg.io/site/openshift/release-images:4.18.1-x86_64',
      'reg.io/site/openshift/release:4.18.2-x86_64-cli',
      'reg.io/site/openshift/release-images:4.18.2-x86_64',
    ]);
  });

  it('takes what a file names itself for that entry', () => {
    const pinned = requestOf(`{release: q.io/ocp@${digestOf('x')}}`);
    const fields = locked(LOCK, pinned)?.releases.flatMap(({ entries }) => entries);
    expect(new Set(fields?.map(({ field }) => field))).toEqual(
      new Set(['mirror.platform.release']),
    );
  });

  it.each([
    { what: 'there is no lock', lock: undefined },
    { what: 'it is of another destination', lock: { ...LOCK, destination: 'reg.io/other' } },
    { what: 'a payload has no line among the releases', lock: { ...LOCK, releases: [] } },
    {
      what: 'a payload is not that of the release',
      lock: {
        ...LOCK,
        releases: LOCK.releases.map((one) => ({ ...one, payload: digestOf('other') })),
      },
    },
    {
      what: 'a channel chose nothing',
      lock: {
        ...LOCK,
        releases: LOCK.releases.map((one) => ({ ...one, channels: ['fast-4.18'] })),
      },
    },
    {
      what: 'a component has no name',
      lock: { ...LOCK, images: [...IMAGES, line('ocp/art-dev:sha256-ab', 'release-component')] },
    },
  ])('does not tell where $what', ({ lock }) => {
    expect(locked(lock)).toBeUndefined();
  });

  it('does not tell without a good signature of each', () => {
    expect(locked(LOCK, BOTH, new Set())).toBeUndefined();
  });
});
