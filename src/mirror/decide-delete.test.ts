import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Digest, digestOf } from '../oci/digest.ts';
import { type DeleteFacts, mayManifestGo } from './decide-delete.ts';
import { decideDeletes } from './decide-deletes.ts';

const A = named('a');
const B = named('b');
const INDEX = named('index');

it.each<{ name: string; facts: Partial<DeleteFacts>; expected: string; reason?: string }>([
  { name: 'nothing else names it', facts: {}, expected: 'delete-manifest' },
  { name: 'every tag is gone', facts: { tags: new Map() }, expected: 'gone' },
  {
    name: 'one of two listed tags is gone',
    facts: { listed: ['1.0', '1.1'], tags: new Map([['1.0', A]]) },
    expected: 'delete-manifest',
  },
  {
    name: 'the tag moved',
    facts: { tags: new Map([['1.0', B]]) },
    expected: 'hold',
    reason: `tag 1.0 names ${B} now`,
  },
  {
    name: 'one of two listed tags moved',
    facts: {
      listed: ['1.0', '1.1'],
      tags: new Map([
        ['1.0', A],
        ['1.1', B],
      ]),
    },
    expected: 'hold',
    reason: 'cannot delete a tag alone',
  },
  {
    name: 'another tag names it',
    facts: {
      tags: new Map([
        ['1.0', A],
        ['latest', A],
      ]),
    },
    expected: 'hold',
    reason: 'tag latest names it too',
  },
  {
    name: 'another tag names it and tags can be deleted',
    facts: {
      canDeleteTag: true,
      tags: new Map([
        ['1.0', A],
        ['latest', A],
      ]),
    },
    expected: 'delete-tags',
  },
  {
    name: 'an index that stays has it',
    facts: { keptIndexes: new Map([[INDEX, [B, A]]]) },
    expected: 'hold',
    reason: `index ${INDEX}, which stays, has it`,
  },
  {
    name: 'some other tag cannot be read',
    facts: {
      canDeleteTag: true,
      tags: new Map<string, Digest | 'unreadable'>([
        ['1.0', A],
        ['secret', 'unreadable'],
      ]),
    },
    expected: 'hold',
    reason: 'what tag secret names could not be read',
  },
  {
    name: 'it is a referrer without tags',
    facts: { listed: [], isReferrer: true, tags: new Map() },
    expected: 'delete-manifest',
  },
  {
    name: 'it is a referrer that somebody tagged',
    facts: { listed: [], isReferrer: true, tags: new Map([['mine', A]]), canDeleteTag: true },
    expected: 'hold',
    reason: 'tag mine names it too',
  },
])('decides $expected when $name', ({ facts, expected, reason }) => {
  const decision = mayManifestGo({
    digest: A,
    listed: ['1.0'],
    tags: new Map([['1.0', A]]),
    keptIndexes: new Map(),
    canDeleteTag: false,
    ...facts,
  });

  expect(decision.kind).toBe(expected);
  if (reason !== undefined) expect(decision).toMatchObject({ kind: 'hold' });
  expect(decision.kind === 'hold' ? decision.reason : '').toContain(reason ?? '');
});

it('deletes an image with the index that goes, and keeps it with one that stays', () => {
  const candidates = [
    { digest: INDEX, listed: ['index'] },
    { digest: A, listed: ['a'] },
  ];
  const facts = {
    tags: new Map([
      ['index', INDEX],
      ['a', A],
    ]),
    contents: new Map([[INDEX, [A]]]),
    canDeleteTag: false,
    undeletable: new Set<Digest>(),
  };

  const both = decideDeletes(candidates, facts);
  expect([both.get(INDEX)?.kind, both.get(A)?.kind]).toEqual([
    'delete-manifest',
    'delete-manifest',
  ]);

  const tagged = new Map([...facts.tags, ['other', INDEX] as const]);
  const kept = decideDeletes(candidates, { ...facts, tags: tagged });
  expect([kept.get(INDEX)?.kind, kept.get(A)?.kind]).toEqual(['hold', 'hold']);

  const failed = decideDeletes(candidates, { ...facts, undeletable: new Set([INDEX]) });
  expect([failed.get(INDEX)?.kind, failed.get(A)?.kind]).toEqual(['hold', 'hold']);
});

it('keeps what an index names that is held because one of its tags moved', () => {
  const candidates = [
    { digest: INDEX, listed: ['index', 'moved'] },
    { digest: A, listed: ['a'] },
  ];

  const decisions = decideDeletes(candidates, {
    tags: new Map([
      ['index', INDEX],
      ['moved', B],
      ['a', A],
    ]),
    contents: new Map([[INDEX, [A]]]),
    canDeleteTag: false,
    undeletable: new Set(),
  });

  expect([decisions.get(INDEX)?.kind, decisions.get(A)?.kind]).toEqual(['hold', 'hold']);
});

it('never deletes a digest that a foreign tag or an index that stays names', () => {
  const digests = Array.from({ length: 6 }, (_, index) => named(String(index)));
  const digest = fc.constantFrom(...digests);
  const tag = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
  // Rare: with one of them nothing is deleted at all.
  const anyNamed = fc.oneof(
    { weight: 40, arbitrary: digest },
    { weight: 1, arbitrary: fc.constant('unreadable' as const) },
  );
  // Mostly every tag of the digest, since only then may it go.
  const anyListed = fc.oneof(
    { weight: 4, arbitrary: fc.constant('all' as const) },
    { weight: 1, arbitrary: fc.array(tag, { minLength: 1 }) },
  );
  const seen = { deleted: 0, spared: 0 };
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(tag, anyNamed), { selector: ([name]) => name }),
      fc.array(fc.tuple(digest, fc.array(digest, { maxLength: 3 })), { maxLength: 3 }),
      fc.uniqueArray(fc.tuple(digest, anyListed), { selector: ([one]) => one }),
      fc.boolean(),
      (tags, indexes, deletes, canDeleteTag) => {
        const facts = {
          tags: new Map(tags),
          contents: new Map(indexes),
          canDeleteTag,
          undeletable: new Set<Digest>(),
        };
        const candidates = deletes.map(([one, names]) => {
          const all = tags.filter(([, its]) => its === one).map(([name]) => name);
          return { digest: one, listed: names === 'all' ? all : names };
        });
        const decisions = decideDeletes(candidates, facts);

        const deleted = new Set(
          [...decisions].filter(([, { kind }]) => kind === 'delete-manifest').map(([one]) => one),
        );
        const listed = new Map(candidates.map((one) => [one.digest, one.listed]));
        for (const [name, one] of tags) {
          if (one === 'unreadable') expect([...deleted]).toEqual([]);
          else if (listed.get(one)?.includes(name) !== true) expect(deleted.has(one)).toBe(false);
        }
        const there = new Set(tags.map(([, one]) => one));
        for (const [index, children] of facts.contents) {
          if (!there.has(index) || deleted.has(index)) continue;
          for (const child of children) if (child !== index) expect(deleted.has(child)).toBe(false);
          if (children.some((child) => listed.has(child))) seen.spared += 1;
        }
        if (deleted.size > 0) seen.deleted += 1;
      },
    ),
    { numRuns: 2000 },
  );
  // Else the property says nothing.
  expect(Math.min(seen.deleted, seen.spared)).toBeGreaterThan(200);
});

function named(text: string): Digest {
  return digestOf(Buffer.from(text));
}
