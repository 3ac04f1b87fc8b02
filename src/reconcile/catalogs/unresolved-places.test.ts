import { expect, it } from 'vitest';
import { loadImageSets } from '../../imageset/load-image-sets.ts';
import type { Lock, LockedBundle } from '../../lock/lock.ts';
import type { WantedCatalog } from '../../lock/wanted-catalog.ts';
import { parseDestination } from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import type { MirrorSettings } from '../../settings/settings.ts';
import type { MirrorFiles } from '../read-mirror-files.ts';
import { unresolvedPlaces } from './unresolved-places.ts';

const SHA = `sha256:${'ab'.repeat(32)}` as Digest;
const PLACE = { host: 'reg.io', repository: 'site/team/cat', tag: 'v1' };
const IMAGE_SET = `apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
mirror:
  operators:
    - catalog: q.io/team/cat:v1
      packages:
        - name: gadget
        - name: widget
    - catalog: q.io/other/cat:v1
`;

const BUNDLES = ['gadget v1', 'gadget v2', 'widget v1'].map((text): LockedBundle => {
  const [name = '', version = ''] = text.split(' ');
  return {
    ...{ catalog: 'team/cat:v1', package: name, bundle: `${name}.${version}`, version },
    ...{ channels: ['stable'], images: [`op/${name}:${version}`] },
  };
});

function resolved(repository: string, without: readonly string[] = []): WantedCatalog {
  return {
    place: { ...PLACE, repository },
    source: 'q.io/x:v1',
    sourceDigest: SHA,
    bundles: [],
    without: without.map((bundle) => {
      return { package: bundle.split('.')[0] ?? '', bundle, channels: [], reason: 'gone' };
    }),
    packages: [],
    entries: [],
  };
}

it.each([
  {
    name: 'all of a catalog that could not be read, and of its bundles',
    catalogs: [resolved('site/other/cat')],
    places: ['site/team/cat:v1', 'site/op/gadget:v1', 'site/op/gadget:v2', 'site/op/widget:v1'],
  },
  {
    name: 'the images of bundles that are left out',
    catalogs: [resolved('site/other/cat'), resolved('site/team/cat', ['gadget.v2'])],
    places: ['site/op/gadget:v2'],
  },
  {
    name: 'nothing of catalogs that are whole',
    catalogs: [resolved('site/other/cat'), resolved('site/team/cat')],
    places: [],
  },
  {
    name: 'the place of a catalog that is not mirrored yet',
    catalogs: [resolved('site/team/cat')],
    places: ['site/other/cat:v1'],
  },
])('names $name', ({ catalogs, places }) => {
  const { documents } = loadImageSets([{ path: 'a.yaml', text: IMAGE_SET, named: true }]);
  const context = {
    files: { documents } as unknown as MirrorFiles,
    mirror: { destination: parseDestination('reg.io/site') } as MirrorSettings,
  };
  const lock = { destination: 'reg.io/site', bundles: BUNDLES } as unknown as Lock;

  const named = unresolvedPlaces(context, catalogs, lock);

  expect([...named.keys()]).toEqual(places.map((place) => `reg.io/${place}`));
  for (const [place, { field }] of named) {
    const isPackage = place.includes('/op/');
    expect(field).toMatch(isPackage ? /operators\[0\]\.packages\[[01]\]$/ : /operators\[[01]\]$/);
  }
});
