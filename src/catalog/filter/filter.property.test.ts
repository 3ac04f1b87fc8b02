import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  arbitraryBounds,
  arbitraryBundleNames,
  arbitrarySoundPackage,
  arbitraryWildPackage,
} from '../../../test/support/catalogs/arbitrary-package.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import type { ChannelEntry } from '../catalog-package.ts';
import { parseBundleVersion } from '../validate/bundle-version.ts';
import { validatePackage } from '../validate/validate-package.ts';
import { readChannelGraph } from './channel-graph.ts';
import { filterPackage } from './filter-package.ts';
import { leaveOut } from './leave-out.ts';
import { selectRange } from './select-range.ts';
import { readVersionRange } from './version-range.ts';

const channelNames = fc.constantFrom('channel-0', 'channel-1', 'channel-2', 'channel-3');
const arbitraryChannels = fc
  .uniqueArray(fc.tuple(channelNames, fc.option(arbitraryBounds, { nil: {} })), {
    minLength: 1,
    maxLength: 3,
    selector: ([name]) => name,
  })
  .map((channels) => channels.map(([name, bounds]) => ({ name, ...bounds })));

/** Mostly selections that can be meant, and a few that mix what excludes each other. */
const arbitraryEntry: fc.Arbitrary<OperatorPackage> = fc.oneof(
  fc.constant({ name: 'gear' }),
  arbitraryBounds.map((bounds) => ({ name: 'gear', ...bounds })),
  arbitraryChannels.map((channels) => ({ name: 'gear', channels })),
  arbitraryChannels.map((channels) => {
    const [first] = channels;
    return { name: 'gear', channels, defaultChannel: first?.name ?? '' };
  }),
  arbitraryBundleNames.map((names) => ({ name: 'gear', bundles: names.map((name) => ({ name })) })),
  fc
    .tuple(arbitraryChannels, arbitraryBounds, arbitraryBundleNames, channelNames)
    .map(([channels, bounds, names, defaultChannel]) => {
      const bundles = names.map((name) => ({ name }));
      return { name: 'gear', channels, ...bounds, bundles, defaultChannel };
    }),
);

it('gives a valid package for any package and selection, or a reason', () => {
  let results = 0;
  fc.assert(
    fc.property(arbitraryWildPackage, fc.boolean(), arbitraryEntry, (source, full, entry) => {
      const { result, problems } = filterPackage(source, { full, entry });
      if (problems.length > 0) return;
      results += 1;
      expect(validatePackage(result)).toEqual([]);
    }),
    { numRuns: 3000 },
  );
  expect(results).toBeGreaterThan(200);
});

it('keeps of documents what it keeps: bundles the same objects, entries verbatim and in order', () => {
  fc.assert(
    fc.property(arbitrarySoundPackage, arbitraryEntry, (source, entry) => {
      const { result, problems } = filterPackage(source, { full: false, entry });
      if (problems.length > 0) return;
      for (const bundle of result.bundles) expect(source.bundles).toContain(bundle);
      for (const channel of result.channels) {
        const original = source.channels.find(({ name }) => name === channel.name);
        const kept = new Set(channel.entries);
        expect(original?.entries.filter((one) => kept.has(one))).toEqual(channel.entries);
        expect(channel.isChanged).toBe(
          channel.entries.length === original?.entries.length ? undefined : true,
        );
      }
    }),
  );
});

it('takes the heads of every valid package, and the heads of those are themselves', () => {
  fc.assert(
    fc.property(arbitrarySoundPackage, (source) => {
      expect(validatePackage(source)).toEqual([]);
      const { result, problems } = filterPackage(source, { full: false });
      expect(problems).toEqual([]);
      expect(result.channels.map(({ entries }) => entries.length)).toEqual(
        source.channels.map(() => 1),
      );
      expect(filterPackage(result, { full: false }).result).toEqual(result);
    }),
  );
});

it('changes nothing of a filtered package when all of it is wanted', () => {
  fc.assert(
    fc.property(arbitrarySoundPackage, arbitraryEntry, (source, entry) => {
      const { result, problems } = filterPackage(source, { full: false, entry });
      if (problems.length > 0) return;
      const again = filterPackage(result, { full: true, entry: { name: 'gear' } });
      expect(again).toEqual({ result, problems: [], warnings: [] });
    }),
  );
});

it('keeps of a range what the definition says', () => {
  fc.assert(
    fc.property(arbitraryWildPackage, arbitraryBounds, (source, bounds) => {
      const { matches } = readVersionRange(bounds);
      const versions = new Map(
        source.bundles.map(({ name, packages }) => [
          name,
          parseBundleVersion(packages[0]?.version ?? ''),
        ]),
      );
      const isInRange = (name: string): boolean => {
        const version = versions.get(name);
        return version !== undefined && matches(version);
      };
      for (const { entries } of source.channels) {
        const read = readChannelGraph(entries);
        if (read.kind === 'broken') continue;
        const expected = rangeByDefinition(entries, read.graph.head, isInRange);
        expect(new Set(selectRange(read.graph, isInRange))).toEqual(new Set(expected));
      }
    }),
    { numRuns: 2000 },
  );
});

/** Spec, operator-catalogs, 3.4, step by step, with sets that are counted anew for every link. */
function rangeByDefinition(
  entries: readonly ChannelEntry[],
  head: string,
  isInRange: (name: string) => boolean,
): string[] {
  const chain = [head];
  for (;;) {
    const last = entries.find(({ name }) => name === chain.at(-1));
    if ((last?.replaces ?? '') === '') break;
    chain.push(last?.replaces ?? '');
  }
  const skipsOf = (name: string): readonly string[] =>
    entries.find((entry) => entry.name === name)?.skips ?? [];
  const count = (index: number): number => {
    const reached = chain.slice(index).flatMap((name) => [name, ...skipsOf(name)]);
    return new Set(reached.filter(isInRange)).size;
  };
  if (count(0) === 0) return [];
  const indexes = [...chain.keys()];
  const newHead = indexes.findLast((index) => count(index) === count(0)) ?? 0;
  const tail = indexes.find((index) => index > newHead && count(index) === 0) ?? chain.length;
  const links = chain.slice(newHead, tail);
  return [...links, ...links.flatMap(skipsOf).filter(isInRange)];
}

it('leaves bundles out of a valid package so that what is left is valid, or told to be not', () => {
  fc.assert(
    fc.property(arbitrarySoundPackage, arbitraryBundleNames, (source, names) => {
      const filtered = { packages: [source], globals: [], warnings: [] };
      const incomplete = names.map((bundle) => ({ package: 'gear', bundle }));
      const { packages, removed } = leaveOut(filtered, incomplete);
      const left = packages.flatMap((one) => one.bundles.map(({ name }) => name));
      for (const name of names) expect(left).not.toContain(name);
      expect(
        packages.flatMap(({ channels }) => channels.map(({ entries }) => entries)),
      ).not.toContainEqual([]);
      const gone = removed.flatMap((one) => (one.kind === 'bundle' ? [one.bundle] : []));
      expect([...left, ...gone].sort()).toEqual(source.bundles.map(({ name }) => name).sort());
    }),
  );
});
