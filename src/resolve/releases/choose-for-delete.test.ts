import { describe, expect, it } from 'vitest';
import { lockOf as sampleLock } from '../../../test/support/sample-catalogs.ts';
import { linesOf, lockedRelease, payloadAt } from '../../../test/support/sample-releases.ts';
import { digest, line } from '../../../test/support/sample-plan.ts';
import { loadImageSets } from '../../imageset/load-image-sets.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import type { DeletingImage, Lock, LockedImage } from '../../lock/lock.ts';
import { formatPlace, parseDestination, relativePlace } from '../../oci/destination.ts';
import { chooseReleasesForDelete } from './choose-for-delete.ts';

const DESTINATION = parseDestination('docker://registry.example.com/mirror');

function read(platform: object): ImageSetDocument {
  const content = { apiVersion: 'mirror.openshift.io/v2alpha1', delete: { platform } };
  const text = JSON.stringify({ kind: 'DeleteImageSetConfiguration', ...content }, undefined, 1);
  const { documents } = loadImageSets([{ path: 'delete.yaml', text, named: true }]);
  const [document] = documents;
  if (document === undefined) throw new Error(`cannot be read: ${text}`);
  return document;
}

function leaving(image: LockedImage): DeletingImage {
  const { wantedBy, ...rest } = image;
  return { ...rest, since: 'c'.repeat(40), reason: 'delete.yaml' };
}

const CHANNELS: Readonly<Record<string, readonly string[]>> = {
  '4.18.1-x86_64': ['stable-4.18'],
  '4.18.9-x86_64': ['fast-4.18', 'stable-4.18'],
  '4.18.10-x86_64': ['fast-4.18'],
  '4.18.9-aarch64': ['stable-4.18'],
  '4.18.9-multi': ['stable-4.18'],
  '4.19.0-rc.1-x86_64': ['candidate-4.19'],
  '4.18.0-okd-scos.8': ['stable-4.18'],
  latest: ['next'],
  abcdef: [],
};
const NAMES = Object.keys(CHANNELS);
const LOCK: Lock = sampleLock({
  catalogs: [],
  images: NAMES.flatMap((name) => linesOf(name)),
  releases: NAMES.map((name) => {
    const payload = name === 'abcdef' ? digest('f') : digest('a');
    return lockedRelease(name, { channels: CHANNELS[name] ?? [], payload });
  }),
});

/** The payloads' tags of what is chosen, and the warnings. */
function choose(platform: object, lock = LOCK): { releases: string[]; warnings: string[] } {
  const { places, warnings } = chooseReleasesForDelete(read(platform), lock, DESTINATION);
  return {
    releases: places.flatMap(({ place, kind }) => (kind === 'release' ? [place.tag] : [])),
    warnings: warnings.map(({ message, hint }) => `${message}. ${hint ?? ''}`),
  };
}

function channel(fields: object = {}): object {
  return { channels: [{ name: 'stable-4.18', ...fields }] };
}

describe('chooseReleasesForDelete', () => {
  it.each<[string, object, string[]]>([
    ['all of a channel', channel(), ['4.18.1-x86_64', '4.18.9-x86_64']],
    ['a range', channel({ minVersion: '4.18.0', maxVersion: '4.18.8' }), ['4.18.1-x86_64']],
    [
      'both bounds themselves',
      channel({ minVersion: '4.18.1', maxVersion: '4.18.9' }),
      ['4.18.1-x86_64', '4.18.9-x86_64'],
    ],
    ['from a version on', channel({ minVersion: '4.18.2' }), ['4.18.9-x86_64']],
    ['up to a version', channel({ maxVersion: '4.18.8' }), ['4.18.1-x86_64']],
    [
      'numbers, not text',
      { channels: [{ name: 'fast-4.18', minVersion: '4.18.10' }] },
      ['4.18.10-x86_64'],
    ],
    [
      'a pre-release by range',
      { channels: [{ name: 'candidate-4.19', maxVersion: '4.19.0' }] },
      ['4.19.0-rc.1-x86_64'],
    ],
    ['what full asks for too', channel({ full: true, maxVersion: '4.18.1' }), ['4.18.1-x86_64']],
    ['other architectures', { ...channel(), architectures: ['arm64'] }, ['4.18.9-aarch64']],
    [
      'several architectures',
      { ...channel({ minVersion: '4.18.9' }), architectures: ['amd64', 'arm64'] },
      ['4.18.9-x86_64', '4.18.9-aarch64'],
    ],
    ['manifest lists', { ...channel(), architectures: ['multi'] }, ['4.18.9-multi']],
    [
      'manifest lists for platforms',
      { ...channel(), platforms: [{ os: 'linux', architecture: 'arm64' }] },
      ['4.18.9-multi'],
    ],
    ['OKD', channel({ type: 'okd' }), ['4.18.0-okd-scos.8']],
    [
      'a tag',
      { release: 'quay.io/openshift-release-dev/ocp-release:4.18.9-multi' },
      ['4.18.9-multi'],
    ],
    [
      'a digest',
      { release: `quay.io/openshift-release-dev/ocp-release@${digest('f')}` },
      ['abcdef'],
    ],
    [
      'a release, whatever the channels',
      { release: 'a.io/b:4.18.1-x86_64', ...channel() },
      ['4.18.1-x86_64'],
    ],
    ['nothing, where nothing is asked', {}, []],
  ])('takes %s', (_what, platform, expected) => {
    expect(choose(platform)).toEqual({ releases: expected, warnings: [] });
  });

  it.each<[string, object, string]>([
    [
      'an unknown channel',
      { channels: [{ name: 'stable-4.17' }] },
      'the lock has no release of channel "stable-4.17". It has "stable-4.18", "fast-4.18", "candidate-4.19", "next".',
    ],
    [
      'an empty range',
      channel({ minVersion: '4.18.2', maxVersion: '4.18.8' }),
      'the lock has no release of channel "stable-4.18" from 4.18.2 to 4.18.8. It has 4.18.1-x86_64, 4.18.9-x86_64.',
    ],
    [
      'one that begins too late',
      channel({ minVersion: '4.18.11' }),
      'the lock has no release of channel "stable-4.18" from 4.18.11 on. It has 4.18.1-x86_64, 4.18.9-x86_64.',
    ],
    [
      'one that ends too early',
      channel({ maxVersion: '4.18.0' }),
      'the lock has no release of channel "stable-4.18" up to 4.18.0. It has 4.18.1-x86_64, 4.18.9-x86_64.',
    ],
    [
      'an architecture that is not there',
      { channels: [{ name: 'fast-4.18' }], architectures: ['s390x'] },
      'the lock has no release of channel "fast-4.18" for s390x. It has 4.18.9-x86_64, 4.18.10-x86_64.',
    ],
    [
      'OpenShift under the name of OKD',
      { channels: [{ name: 'fast-4.18', type: 'okd' }] },
      'the lock has no release of channel "fast-4.18" of OKD. It has 4.18.9-x86_64, 4.18.10-x86_64.',
    ],
    [
      'an unknown release',
      { release: 'a.io/b:4.18.2-x86_64' },
      'the lock has no release a.io/b:4.18.2-x86_64. It has 4.18.0-okd-scos.8 … latest (9 releases).',
    ],
    [
      'a path',
      channel({ minVersion: '4.18.1', maxVersion: '4.18.9', shortestPath: true }),
      'shortestPath chooses nothing to delete, since no path can be looked up in what is mirrored. Write minVersion and maxVersion of what is to be deleted, without shortestPath.',
    ],
  ])('chooses nothing for %s, and says so', (_what, platform, warning) => {
    expect(choose(platform)).toEqual({ releases: [], warnings: [warning] });
  });

  it('chooses nothing of a range that ends before it begins', () => {
    const { warnings } = choose(channel({ minVersion: '4.18.9', maxVersion: '4.18.1' }));
    expect(warnings).toEqual([
      'the lock has no release of channel "stable-4.18" from 4.18.9 to 4.18.1. It has 4.18.1-x86_64, 4.18.9-x86_64.',
    ]);
  });

  it('takes one whose version cannot be read with all of its channel, and with no range', () => {
    const all = { name: 'next', type: 'okd' };
    expect(choose({ channels: [all] }).releases).toEqual(['latest']);
    expect(choose({ channels: [{ ...all, minVersion: '0.0.0' }] }).warnings).toHaveLength(1);
    expect(choose({ channels: [{ ...all, maxVersion: '9.9.9' }] }).warnings).toHaveLength(1);
  });

  it('says where nothing is mirrored at all', () => {
    const lock = sampleLock({ catalogs: [] });
    expect(choose(channel(), lock).warnings).toEqual([
      'the lock has no release of channel "stable-4.18". It has no releases of channels.',
    ]);
    expect(choose({ release: 'a.io/b:1' }, lock).warnings).toEqual([
      'the lock has no release a.io/b:1. It has no releases.',
    ]);
  });

  it('names each entry at its place in the file', () => {
    const platform = {
      channels: [{ name: 'stable-4.18', maxVersion: '4.18.1' }, { name: 'nothing' }],
    };
    const { places, warnings } = chooseReleasesForDelete(read(platform), LOCK, DESTINATION);
    expect(new Set(places.map(({ entry }) => entry.field))).toEqual(
      new Set(['delete.platform.channels[0]']),
    );
    expect(warnings.map(({ field }) => field)).toEqual(['delete.platform.channels[1]']);
    expect(warnings[0]?.position.path).toBe('delete.yaml');
  });

  it('names all images of a release, also those that are leaving, by their sources', () => {
    const [cli, hyperkube, payload] = linesOf('4.18.1-x86_64');
    if (!cli || !hyperkube || !payload) throw new Error('a sample release has three images');
    const other = linesOf('4.18.9-x86_64').map((one) => ({ ...one, wantedBy: ['base.yaml'] }));
    const named = { source: 'other.io/a:1', wantedBy: ['base.yaml'] };
    const wanted = { ...payload, ...named };
    const lock = sampleLock({
      catalogs: [],
      images: [wanted, payload, hyperkube, { ...hyperkube, ...named }, ...other],
      deleting: [leaving(cli)],
      releases: LOCK.releases,
    });
    const platform = channel({ maxVersion: '4.18.1' });
    const { places } = chooseReleasesForDelete(read(platform), lock, DESTINATION);
    const told = places.map(({ place, source, kind }) => [
      relativePlace(place, DESTINATION),
      source,
      kind,
    ]);
    expect(told.sort()).toEqual(
      [cli, payload, hyperkube].map((one) => [one.destination, one.source, one.kind]).sort(),
    );
  });

  it('leaves the components alone of a release whose name begins like it', () => {
    const names = ['4.18.9', '4.18.9-multi'];
    const lock = sampleLock({
      catalogs: [],
      images: names.flatMap((name) => linesOf(name)),
      releases: names.map((name) => lockedRelease(name)),
    });
    const { places } = chooseReleasesForDelete(read(channel({ type: 'okd' })), lock, DESTINATION);
    expect(places.map(({ place }) => place.tag)).toEqual(
      linesOf('4.18.9').map(({ destination }) => destination.split(':')[1]),
    );
  });

  it('knows releases below folded paths', () => {
    const folded = { ...DESTINATION, maxNestedPaths: 1 };
    const images = linesOf('4.18.1-x86_64').map((one) => {
      return { ...one, destination: `/mirror-${one.destination.replace('/', '-')}` };
    });
    const lock = { ...LOCK, images };
    const { places } = chooseReleasesForDelete(read(channel()), lock, folded);
    expect(places.map(({ place }) => formatPlace(place))).toContain(
      `registry.example.com/mirror-${payloadAt('4.18.1-x86_64').replace('/', '-')}`,
    );
  });

  it.each<[string, Partial<Lock>, string, number]>([
    [
      'as the lock has it',
      {
        images: [
          line('x', {
            destination: 'openshift/graph-image:latest',
            kind: 'graph',
            source: 'https://a/b',
          }),
        ],
      },
      'https://a/b',
      0,
    ],
    [
      'that is leaving',
      {
        deleting: [
          leaving(
            line('x', { destination: 'openshift/graph-image:latest', source: 'https://a/b' }),
          ),
        ],
      },
      'https://a/b',
      0,
    ],
    [
      'that no line has, with a warning',
      {},
      'registry.example.com/mirror/openshift/graph-image:latest',
      1,
    ],
  ])('names the graph image, %s', (_what, over, source, warnings) => {
    const lock = sampleLock({ catalogs: [], ...over });
    const chosen = chooseReleasesForDelete(read({ graph: true }), lock, DESTINATION);
    expect(chosen.places).toEqual([
      {
        ...{
          place: {
            host: 'registry.example.com',
            repository: 'mirror/openshift/graph-image',
            tag: 'latest',
          },
        },
        ...{ source, kind: 'graph' },
        entry: { field: 'delete.platform.graph', position: expect.anything() as never },
      },
    ]);
    expect(chosen.warnings).toHaveLength(warnings);
    expect(choose({ graph: false }, lock).warnings).toEqual([]);
  });
});
