import { describe, expect, it } from 'vitest';
import {
  absolutePlace,
  foldPath,
  formatPlace,
  parseDestination,
  placeAdditionalImage,
  relativePlace,
} from './destination.ts';
import { parseReference } from './reference.ts';

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
