import { describe, expect, it } from 'vitest';
import { INDEX, bundle, lockOf, lockedCatalog } from '../../test/support/sample-catalogs.ts';
import { digest, line } from '../../test/support/sample-plan.ts';
import type { Lock } from '../lock/lock.ts';
import { catalogTallies, describeTally } from './catalog-tallies.ts';

const [V1, V2, V3] = ['1', '2', '3'].map((major) => bundle(`gadget.v${major}.0.0`, 'stable'));
const NAME = 'redhat-operator-index-v4-18';

function published(over: Partial<Lock> = {}, letter = 'a'): Lock {
  const images = [line('x', { destination: INDEX, kind: 'catalog', digest: digest(letter) })];
  return lockOf({ images, ...over });
}

function withBundles(...bundles: readonly (typeof V1)[]): Partial<Lock> {
  return { bundles: bundles.flatMap((one) => one ?? []) };
}

function told(before: Lock | undefined, after: Lock): string[] {
  return catalogTallies(before, after).map(describeTally);
}

describe('catalogTallies', () => {
  it.each<[string, Lock | undefined, Lock, string[]]>([
    ['a new catalog', undefined, published(withBundles(V1, V2)), ['new, 2 bundles added']],
    [
      'bundles that come and go',
      published(withBundles(V1)),
      published(withBundles(V2, V3), 'b'),
      ['2 bundles added, 1 gone'],
    ],
    [
      'one that goes',
      published(withBundles(V1, V2)),
      published(withBundles(V1), 'b'),
      ['1 bundle gone'],
    ],
    [
      'one that is listed no longer and still there',
      published(withBundles(V1, V2)),
      published(
        {
          bundles: [V1, V2].flatMap((one) =>
            one === undefined ? [] : one === V2 ? [{ ...one, unlisted: true as const }] : [one],
          ),
        },
        'b',
      ),
      ['1 bundle gone'],
    ],
    [
      'another image with the same bundles',
      published(withBundles(V1)),
      published(withBundles(V1), 'b'),
      ['updated, with the same bundles'],
    ],
    [
      'what is left out',
      undefined,
      published({ ...withBundles(V1), catalogs: [lockedCatalog({ without: ['gadget.v2.0.0'] })] }),
      ['new, 1 bundle added, 1 left out'],
    ],
    [
      'a catalog that goes',
      published(withBundles(V1)),
      lockOf({ catalogs: [] }),
      ['gone, 1 bundle gone'],
    ],
    [
      'nothing of one that is as it was',
      published(withBundles(V1)),
      published(withBundles(V1)),
      [],
    ],
    [
      'a catalog whose image is leaving as gone',
      published(withBundles(V1)),
      lockOf(withBundles(V1)),
      ['gone, 1 bundle gone'],
    ],
    [
      'nothing of one that only asks for another source',
      published(withBundles(V1)),
      published({ ...withBundles(V1), catalogs: [lockedCatalog({ sourceDigest: digest('9') })] }),
      [],
    ],
    [
      'another template',
      published(),
      published({ catalogs: [lockedCatalog({ template: 't.yaml' })] }),
      ['updated, with the same bundles'],
    ],
    [
      'everything as new at another destination',
      published({ ...withBundles(V1), destination: 'elsewhere.example.com' }),
      published(withBundles(V1)),
      ['new, 1 bundle added'],
    ],
  ])('tells %s', (_what, before, after, lines) => {
    expect(told(before, after)).toEqual(lines.map((text) => `${NAME}: ${text}`));
  });
});
