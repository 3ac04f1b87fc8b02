import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameCatalogs } from './name-catalogs.ts';

function nameOf(destination: string): string | undefined {
  return nameCatalogs([], [destination]).get(destination);
}

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

describe('nameCatalogs', () => {
  // spec, config-and-outputs, 4.4.
  const hex = '7c4ef7434c97'.padEnd(64, '0');
  it.each([
    { destination: 'redhat/redhat-operator-index:v4.15', name: 'redhat-operator-index-v4-15' },
    {
      destination: 'redhat/certified-operators-pinned:v4.17.0-20241114',
      name: 'certified-operators-pinned-v4-17-0-2024',
    },
    { destination: `redhat-operator-index:${hex}`, name: 'redhat-operator-index-7c4ef7434c97' },
    {
      destination: `redhat-operator-index:sha256-${hex}`,
      name: 'redhat-operator-index-sha256-7c4ef',
    },
    { destination: 'a/my.index:latest', name: 'my-index-latest' },
    { destination: 'idx:V1_Beta', name: 'idx-v1-beta' },
    { destination: 'bb:v4.18.0-20250101', name: 'bb-v4-18-0-2025' },
    { destination: 'redhat/community-operator-index:1', name: 'community-operator-index-1' },
    {
      destination: '/site/redhat-redhat-operator-index:v4.18',
      name: 'redhat-redhat-operator-index-v4-18',
    },
    // The reference tool fails on these.
    { destination: 'my_index:v1', name: 'my-index-v1' },
    { destination: 'idx:2024-10-011-x', name: 'idx-2024-10-011' },
    { destination: 'idx:_', name: 'idx-0' },
    { destination: 'idx:_1', name: 'idx--1' },
  ])('calls $destination $name', ({ destination, name }) => {
    expect(nameOf(destination)).toBe(name);
  });

  it('cuts a name that is too long for a label, and tells it from others by a hash', () => {
    const long = 'x'.repeat(58);
    const names = nameCatalogs([], [`${long}1:v1`, `${long}2:v1`]);
    expect([...names.values()]).toEqual([
      expect.stringMatching(/^x{54}-[0-9a-f]{5}$/),
      expect.stringMatching(/^x{54}-[0-9a-f]{5}$/),
    ]);
    expect(new Set(names.values()).size).toBe(2);
  });

  it('keeps a name as long as a label may be', () => {
    expect(nameOf(`${'x'.repeat(57)}:v1`)).toBe(`${'x'.repeat(57)}-v1`);
  });

  const first = 'a/index:v4.18';
  const second = 'b/index:v4.18';

  it('gives the later of two catalogs of one name five digits of the hash of its destination', () => {
    const expected = new Map([
      [first, 'index-v4-18'],
      // printf b/index:v4.18 | sha256sum
      [second, 'index-v4-18-09987'],
    ]);
    expect(nameCatalogs([], [first, second])).toEqual(expected);
    expect(nameCatalogs([], [second, first])).toEqual(expected);
  });

  it('keeps the name that a catalog was given, also of one that is no longer asked for', () => {
    const given = [{ destination: second, name: 'index-v4-18' }];
    const names = nameCatalogs(given, [first]);
    expect([...names]).toEqual([[first, expect.stringMatching(/^index-v4-18-[0-9a-f]{5}$/)]]);
    expect(nameCatalogs(given, [second]).get(second)).toBe('index-v4-18');
  });

  it('takes more digits where the hash itself is taken', () => {
    const [hashed = ''] = nameCatalogs(
      [{ destination: second, name: 'index-v4-18' }],
      [first],
    ).values();
    const given = ['index-v4-18', hashed].map((name) => ({ destination: name, name }));
    expect(nameCatalogs(given, [first]).get(first)).toMatch(/^index-v4-18-[0-9a-f]{6}$/);
  });

  it('gives every catalog a label of its own', () => {
    const segment = fc.stringMatching(/^[a-z0-9]{1,3}(?:(?:\.|_{1,2}|-{1,2})[a-z0-9]{1,30}){0,3}$/);
    const tag = fc.stringMatching(/^\w[\w.-]{0,20}$/);
    const destination = fc.tuple(segment, segment, tag).map(([a, b, c]) => `${a}/${b}:${c}`);
    fc.assert(
      fc.property(fc.uniqueArray(destination, { maxLength: 20 }), (destinations) => {
        const names = nameCatalogs([], destinations);
        expect([...names.keys()]).toEqual(destinations);
        expect(new Set(names.values()).size).toBe(destinations.length);
        for (const name of names.values()) expect(`cs-${name}`).toMatch(LABEL);
      }),
    );
  });
});
