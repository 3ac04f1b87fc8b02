import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lock, LockedBundle, LockedImage } from '../../lock/lock.ts';
import type { WantedCatalog } from '../../lock/wanted-catalog.ts';
import { absolutePlace, formatPlace, parseDestination } from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ChosenForDelete } from '../../resolve/operators/choose-for-delete.ts';
import { placesToDelete } from './places-to-delete.ts';

const DESTINATION = parseDestination('reg.io/site');
const SHA = `sha256:${'ab'.repeat(32)}` as Digest;
const ENTRY = {
  position: { path: 'delete.yaml', line: 5, column: 7 },
  field: 'delete.operators[0]',
};

function bundle(name: string, images: readonly string[], over: Partial<LockedBundle> = {}) {
  const base = { catalog: 'cat:v1', package: 'gadget', version: '1.0.0', channels: ['stable'] };
  return { ...base, bundle: name, images, ...over } satisfies LockedBundle;
}

function line(destination: string, over: Partial<LockedImage> = {}): LockedImage {
  const base = { digest: SHA, source: `q.io/${destination}`, kind: 'bundle', bytes: 1 } as const;
  return { ...base, destination, wantedBy: [], ...over };
}

/** All images of the bundles have a line, and the catalog if `isPublished`. */
function lockWith(bundles: readonly LockedBundle[], isPublished = false): Lock {
  const images = new Set(bundles.flatMap((one) => one.images));
  const published = { name: 'cat-v1', source: 'q.io/cat:v1', sourceDigest: SHA };
  return {
    version: 1,
    mirror: 'm',
    destination: 'reg.io/site',
    source: { commit: 'c', branch: 'main' },
    configurations: [],
    deletions: [],
    images: [...[...images].map((one) => line(one)), ...(isPublished ? [line('cat:v1')] : [])],
    deleting: [],
    catalogs: [{ destination: 'cat:v1', ...published }],
    bundles,
    releases: [],
  };
}

function chosen(...bundles: readonly LockedBundle[]): ChosenForDelete {
  const some = bundles.map((one) => ({ bundle: one, entry: ENTRY }));
  return { bundles: some, catalogs: [], warnings: [] };
}

function catalog(destination: string): ChosenForDelete['catalogs'] {
  const place = placeAt(destination);
  return [{ destination, place, source: `q.io/${destination}`, entry: ENTRY }];
}

function placeAt(destination: string) {
  const place = absolutePlace(destination, DESTINATION);
  if (place === undefined) throw new Error(destination);
  return place;
}

function wanted(destination: string, bundles: readonly LockedBundle[]): WantedCatalog {
  return {
    place: placeAt(destination),
    source: `q.io/${destination}`,
    sourceDigest: SHA,
    bundles: bundles.map(({ images, ...one }) => ({ ...one, places: images.map(placeAt) })),
    without: [],
    packages: [],
    entries: [ENTRY],
  };
}

/** What each choice names, without the destination; `(waits)` where it waits. */
function named(
  choices: readonly ChosenForDelete[],
  lock: Lock,
  catalogs: readonly WantedCatalog[] = [],
): string[][] {
  const placesOf = placesToDelete(choices, { lock, catalogs, destination: DESTINATION });
  return choices.map((choice) =>
    placesOf(choice).map(({ place, waitsFor }) => {
      const text = formatPlace(place).replace('reg.io/site/', '');
      return waitsFor === undefined ? text : `${text} (waits)`;
    }),
  );
}

describe('placesToDelete', () => {
  const old = bundle('old', ['old:1', 'shared:1']);
  const other = bundle('new', ['new:1', 'shared:1']);

  it('names the images of a bundle, but not what another one has that stays', () => {
    expect(named([chosen(old)], lockWith([old, other]))).toEqual([['old:1']]);
    expect(named([chosen(old, other)], lockWith([old, other]))).toEqual([
      ['old:1', 'shared:1', 'new:1', 'shared:1'],
    ]);
  });

  it('names what two bundles share where two files name one of them each', () => {
    expect(named([chosen(old), chosen(other)], lockWith([old, other]))).toEqual([
      ['old:1', 'shared:1'],
      ['new:1', 'shared:1'],
    ]);
  });

  it('keeps nothing for what an earlier delete left of a bundle', () => {
    const lock = lockWith([old, other]);
    const images = lock.images.filter(({ destination }) => destination !== 'new:1');
    expect(named([chosen(old)], { ...lock, images })).toEqual([['old:1', 'shared:1']]);
  });

  it('keeps what the same bundle of another catalog has', () => {
    const elsewhere = { ...old, catalog: 'cat:v2' };
    expect(named([chosen(old)], lockWith([old, elsewhere]))).toEqual([[]]);
  });

  it('keeps what a bundle needs that is wanted and not there yet', () => {
    const catalogs = [wanted('cat:v2', [{ ...other, catalog: 'cat:v2' }])];
    expect(named([chosen(old)], lockWith([old]), catalogs)).toEqual([['old:1']]);
  });

  it('names the images of a bundle that is wanted itself, so that its delete is held', () => {
    expect(named([chosen(old)], lockWith([old], true), [wanted('cat:v1', [old])])).toEqual([
      ['old:1', 'shared:1'],
    ]);
  });

  it('lets a bundle wait that a published catalog lists which nobody wants', () => {
    expect(named([chosen(old)], lockWith([old], true))).toEqual([
      ['old:1 (waits)', 'shared:1 (waits)'],
    ]);
  });

  it.each([
    { name: 'goes too', choices: [{ ...chosen(old), catalogs: catalog('cat:v1') }] },
    {
      name: 'goes by another file',
      choices: [chosen(old), { ...chosen(), catalogs: catalog('cat:v1') }],
    },
  ])('lets nothing wait where the catalog $name', ({ choices }) => {
    expect(named(choices, lockWith([old], true)).flat()).toEqual(['old:1', 'shared:1', 'cat:v1']);
  });

  it('lets nothing wait that the published catalog lists no longer', () => {
    const former = bundle('old', ['old:1'], { unlisted: true });
    expect(named([chosen(former)], lockWith([former], true))).toEqual([['old:1']]);
  });

  it('lets what one bundle waits for wait, though another one or another file would let it go', () => {
    const former = bundle('former', ['shared:1'], { unlisted: true });
    const lock = lockWith([old, former], true);
    const waits = ['old:1 (waits)', 'shared:1 (waits)'];
    expect(named([chosen(old, former)], lock)).toEqual([[...waits, 'shared:1 (waits)']]);
    expect(named([chosen(old), chosen(former)], lock)).toEqual([waits, ['shared:1 (waits)']]);
  });

  it('names nothing that the lock has no line of, but what is leaving', () => {
    const lock = lockWith([old]);
    const [first] = lock.images;
    if (first === undefined) throw new Error('no line');
    const { wantedBy, ...rest } = first;
    const deleting = [{ ...rest, since: 'c', reason: 'delete.yaml' }];
    expect(named([chosen(old)], { ...lock, images: [], deleting })).toEqual([['old:1']]);
  });

  it('names a place by the name that nobody wants', () => {
    const lock = lockWith([]);
    const images = [
      line('old:1', { source: 'a.io/old:1' }),
      line('old:1', { source: 'q.io/old:1', wantedBy: ['a.yaml'] }),
    ];
    const placesOf = placesToDelete([chosen(bundle('old', ['old:1']))], {
      ...{ lock: { ...lock, images }, catalogs: [], destination: DESTINATION },
    });
    expect(placesOf(chosen(old))).toMatchObject([{ source: 'a.io/old:1' }]);
  });

  it('never takes an image of a bundle that is whole and stays, nor of one that is listed', () => {
    const image = fc.constantFrom<string>('a:1', 'b:1', 'c:1', 'd:1', 'e:1');
    const anyBundle = fc.record({
      catalog: fc.constantFrom('cat:v1', 'cat:v2'),
      images: fc.uniqueArray(image, { minLength: 1, maxLength: 3 }),
      isUnlisted: fc.boolean(),
      choice: fc.constantFrom('first file', 'second file', 'nobody'),
    });
    const anyCase = fc.record({
      bundles: fc.array(anyBundle, { maxLength: 6 }),
      gone: fc.uniqueArray(image, { maxLength: 2 }),
      isPublished: fc.boolean(),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(anyCase, ({ bundles, gone, isPublished, leaves }) => {
        const lines = bundles.map(({ catalog: of, images, isUnlisted }, index) =>
          bundle(`b${index}`, images, { catalog: of, ...(isUnlisted ? { unlisted: true } : {}) }),
        );
        const whole = lockWith(lines, isPublished);
        const isGone = ({ destination }: LockedImage): boolean => gone.includes(destination);
        const lock = { ...whole, images: whole.images.filter((one) => !isGone(one)) };
        const choices = ['first file', 'second file'].map((file) =>
          chosen(...lines.filter((_, index) => bundles[index]?.choice === file)),
        );
        const all = leaves ? [...choices, { ...chosen(), catalogs: catalog('cat:v1') }] : choices;

        const taken = new Set(named(all, lock).flat());

        for (const [index, { images, catalog: of, ...one }] of lines.entries()) {
          const isWhole = images.every((name) => !gone.includes(name));
          const stays = bundles[index]?.choice === 'nobody' && isWhole;
          if (stays) expect(images.filter((name) => taken.has(name))).toEqual([]);
          const isListed = isPublished && !leaves && of === 'cat:v1' && one.unlisted !== true;
          if (isListed && isWhole) expect(images.filter((name) => taken.has(name))).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
