import { expect, it } from 'vitest';
import { span } from '../../../test/support/catalogs/gear-package.ts';
import { type BundleVersion, parseBundleVersion } from '../validate/bundle-version.ts';
import { findHiddenPrereleases } from './hidden-prereleases.ts';
import type { VersionBounds } from './version-range.ts';

const TEXTS = ['1.0.0', '1.1.0-2', '1.1.0', '1.2.0-4'];
const VERSIONS = new Map(
  TEXTS.flatMap((text): [string, BundleVersion][] => {
    const version = parseBundleVersion(text);
    return version === undefined ? [] : [[text, version]];
  }),
);
const CHANNEL = { span, name: 'stable', entries: TEXTS.map((name) => ({ name })) };

it.each<{ bounds: VersionBounds; names: string[] | undefined }>([
  { bounds: { minVersion: '1.0.0' }, names: ['1.1.0-2', '1.2.0-4'] },
  { bounds: { minVersion: '1.1.0' }, names: ['1.1.0-2', '1.2.0-4'] },
  { bounds: { minVersion: '1.1.1' }, names: ['1.2.0-4'] },
  { bounds: { maxVersion: '1.1.0' }, names: ['1.1.0-2'] },
  { bounds: { minVersion: '1.0.0', maxVersion: '1.1.0' }, names: ['1.1.0-2'] },
  { bounds: { minVersion: '1.2.0' }, names: ['1.2.0-4'] },
  { bounds: { minVersion: '1.2.1' }, names: undefined },
  { bounds: { minVersion: '1.0.0-0' }, names: undefined },
  { bounds: { minVersion: '1.0.0', maxVersion: '1.2.0-9' }, names: undefined },
  // A pin means one version.
  { bounds: { minVersion: '1.1.0', maxVersion: '1.1.0' }, names: undefined },
])('finds the pre-releases that $bounds hides', ({ bounds, names }) => {
  expect(findHiddenPrereleases(bounds, [CHANNEL], VERSIONS)?.names).toEqual(names);
});
