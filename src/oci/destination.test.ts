import { describe, expect, it } from 'vitest';
import {
  absolutePlace,
  foldPath,
  formatPlace,
  parseDestination,
  placeAdditionalImage,
  placeCatalog,
  placeOperatorImage,
  relativePlace,
} from './destination.ts';
import { type Reference, type RegistryReference, parseReference } from './reference.ts';

const HEX = 'cd'.repeat(32);
const D = `sha256:${HEX}`;

describe('placeAdditionalImage', () => {
  // spec, config-and-outputs, 3.2.
  it.each([
    { name: 'registry.redhat.io/ubi8/ubi:latest', place: 'mirror.acme.com/ubi8/ubi:latest' },
    { name: `registry.redhat.io/ubi8/ubi:latest@${D}`, place: 'mirror.acme.com/ubi8/ubi:latest' },
    {
      name: `sometest.registry.com/testns/test@${D}`,
      place: `mirror.acme.com/testns/test:sha256-${HEX}`,
    },
    {
      name: `sometest.registry.com/testns/test@${D}`,
      targetTag: 'v1.0',
      place: 'mirror.acme.com/testns/test:v1.0',
    },
    {
      name: 'registry.redhat.io/ubi8/ubi:latest',
      targetRepo: 'custom-namespace/custom-image',
      targetTag: 'v1.0',
      place: 'mirror.acme.com/custom-namespace/custom-image:v1.0',
    },
    {
      name: 'oci:///folder-a/folder-b/testns/test',
      place: 'mirror.acme.com/folder-a/folder-b/testns/test:latest',
    },
    { name: 'oci://./layouts/single/', place: 'mirror.acme.com/layouts/single:latest' },
    {
      name: 'oci:///x/test',
      targetRepo: 'custom/oci-image',
      targetTag: 'v2.0',
      place: 'mirror.acme.com/custom/oci-image:v2.0',
    },
    { name: 'flowuser/app:2', place: 'mirror.acme.com/app:2' },
    { name: `reg:5000/ns/img@${D}`, place: `mirror.acme.com/ns/img:sha256-${HEX}` },
  ])('puts $name at $place', ({ name, targetRepo, targetTag, place }) => {
    const destination = parseDestination('docker://mirror.acme.com');
    expect(
      formatPlace(
        placeAdditionalImage(parseReference(name), { targetRepo, targetTag }, destination),
      ),
    ).toBe(place);
  });

  it.each([
    { targetRepo: 'A/b' },
    { targetRepo: 'a..b' },
    { targetRepo: 'a___b' },
    { targetRepo: 'a-' },
    { targetRepo: '/a' },
    { targetRepo: 'a/' },
    { targetRepo: 'a:5' },
    { targetRepo: `x@${D}` },
    { targetRepo: 'my$ns/x' },
    { targetTag: '' },
    { targetTag: '-x' },
  ])('refuses the target %j', (target) => {
    const place = () =>
      placeAdditionalImage(
        parseReference('quay.io/a/b:1'),
        target,
        parseDestination('mirror.acme.com'),
      );
    expect(place).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }) as Error);
  });
});

function registryReference(text: string): RegistryReference {
  const reference: Reference = parseReference(text);
  if (reference.kind !== 'registry') throw new Error(`${text} is in no registry`);
  return reference;
}

describe('placeOperatorImage', () => {
  // spec, operator-catalogs, 4.5; config-and-outputs, 3.5.
  const sha512 = `sha512:${HEX}${HEX}`;
  it.each([
    { image: `quay.io/a/b@${D}`, place: `reg.io/m/a/b:sha256-${HEX}` },
    { image: 'quay.io/a/b:v1', place: 'reg.io/m/a/b:v1' },
    { image: `quay.io/a/b:v1@${D}`, place: 'reg.io/m/a/b:v1' },
    { image: `localhost:5000/a@${D}`, place: `reg.io/m/a:sha256-${HEX}` },
    { image: `quay.io/a/b@${sha512}`, place: `reg.io/m/a/b:sha512-${HEX}${HEX.slice(0, 56)}` },
    { image: `quay.io/a/b/c/d@${D}`, levels: 3, place: `reg.io/m/a/b-c-d:sha256-${HEX}` },
  ])('puts $image at $place', ({ image, levels = 0, place }) => {
    const destination = parseDestination('docker://reg.io/m', levels);
    expect(formatPlace(placeOperatorImage(registryReference(image), destination))).toBe(place);
  });
});

describe('placeCatalog', () => {
  const index = 'registry.redhat.io/redhat/redhat-operator-index';
  const built = `sha256-${'ef'.repeat(32)}`;
  // spec, operator-catalogs, 5.4; config-and-outputs, 3.5.
  it.each([
    { catalog: `${index}:v4.18`, place: 'reg.io/m/redhat/redhat-operator-index:v4.18' },
    {
      catalog: `${index}:v4.18`,
      targetCatalog: 'my/cat',
      targetTag: 'v4.18-20260901',
      place: 'reg.io/m/my/cat:v4.18-20260901',
    },
    { catalog: `${index}@${D}`, place: `reg.io/m/redhat/redhat-operator-index:${built}` },
    {
      catalog: `${index}@${D}`,
      targetTag: 'v9',
      place: 'reg.io/m/redhat/redhat-operator-index:v9',
    },
    { catalog: `${index}:v4.18@${D}`, place: 'reg.io/m/redhat/redhat-operator-index:v4.18' },
    { catalog: index, place: 'reg.io/m/redhat/redhat-operator-index:latest' },
    { catalog: 'oci:///data/cat', place: 'reg.io/m/cat:latest' },
    { catalog: 'oci://./layouts/cat/', place: 'reg.io/m/cat:latest' },
    { catalog: 'oci://cat', place: 'reg.io/m/cat:latest' },
    { catalog: `oci:///data/cat@${D}`, place: 'reg.io/m/cat:latest' },
    {
      catalog: 'oci:///data/Cat',
      targetCatalog: 'tea-shop-index',
      targetTag: 'v3.14',
      place: 'reg.io/m/tea-shop-index:v3.14',
    },
    { catalog: `${index}:v4.15`, levels: 2, place: 'reg.io/m/redhat-redhat-operator-index:v4.15' },
  ])('puts $catalog at $place', ({ catalog, targetCatalog, targetTag, levels = 0, place }) => {
    const destination = parseDestination('docker://reg.io/m', levels);
    const target = { targetCatalog, targetTag };
    expect(formatPlace(placeCatalog(parseReference(catalog), target, built, destination))).toBe(
      place,
    );
  });

  it.each([
    { catalog: 'oci:///data/Cat', target: {} },
    { catalog: 'oci://.', target: {} },
    { catalog: 'quay.io/a/b:1', target: { targetCatalog: 'a:5' } },
    { catalog: 'quay.io/a/b:1', target: { targetCatalog: '' } },
    { catalog: 'quay.io/a/b:1', target: { targetTag: '-x' } },
  ])('refuses $catalog with the target $target, naming the field', ({ catalog, target }) => {
    const field = 'targetTag' in target ? 'targetTag' : 'targetCatalog';
    expect(() =>
      placeCatalog(parseReference(catalog), target, built, parseDestination('reg.io')),
    ).toThrow(
      expect.objectContaining({
        code: 'REFERENCE_INVALID',
        hint: expect.stringContaining(field) as string,
      }) as Error,
    );
  });
});

describe('foldPath', () => {
  // spec, config-and-outputs, 3.5.
  const path = 'ocpbugs-11922/mirror-release/gitlab-org/ci-cd/g-images/g-helper';
  it.each([
    { path, levels: 2, folded: 'ocpbugs-11922/mirror-release-gitlab-org-ci-cd-g-images-g-helper' },
    { path, levels: 3, folded: 'ocpbugs-11922/mirror-release/gitlab-org-ci-cd-g-images-g-helper' },
    { path, levels: 5, folded: 'ocpbugs-11922/mirror-release/gitlab-org/ci-cd/g-images-g-helper' },
    { path, levels: 6, folded: path },
    { path, levels: 0, folded: path },
    { path: 'openshift/release-images', levels: 2, folded: 'openshift/release-images' },
    { path: 'openshift/release-images', levels: 1, folded: 'openshift-release-images' },
  ])('folds $path to $levels levels', ({ path, levels, folded }) => {
    expect(foldPath(path, levels)).toBe(folded);
  });
});

describe('relativePlace', () => {
  it.each([
    { destination: 'reg.io/mirror', name: 'quay.io/a/b:1', levels: 0, relative: 'a/b:1' },
    { destination: 'reg.io', name: 'quay.io/a/b:1', levels: 0, relative: 'a/b:1' },
    {
      destination: 'reg.io/test/72942',
      name: 'quay.io/a/b:1',
      levels: 2,
      relative: '/test/72942-a-b:1',
    },
  ])(
    'writes $name at $destination as $relative, and reads it back',
    ({ destination, name, levels, relative }) => {
      const parsed = parseDestination(destination, levels);
      const place = placeAdditionalImage(parseReference(name), {}, parsed);
      expect(relativePlace(place, parsed)).toBe(relative);
      expect(absolutePlace(relative, parsed)).toEqual(place);
    },
  );
});

describe('parseDestination', () => {
  it.each([
    'mirror',
    'docker://',
    'reg.io/',
    'reg.io/Upper',
    'reg.io/a:1',
    `reg.io/a@${D}`,
    'team/app',
    'http://reg.io',
    'reg.io:x',
  ])('refuses %j', (text) => {
    expect(() => parseDestination(text)).toThrow(
      expect.objectContaining({ code: 'USAGE' }) as Error,
    );
  });
});
