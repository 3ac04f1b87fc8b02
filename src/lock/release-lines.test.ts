import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { componentsByRelease } from './release-components.ts';
import { releaseFinder } from './release-lines.ts';
import type { ImageKind } from './wanted-image.ts';

const RELEASES = ['4.18.9-x86_64', '4.18.9', '4.18.9-multi', '4.18.1-x86_64', 'abcdef'];

describe('releaseFinder', () => {
  it.each<[string, ImageKind, string, string | undefined]>([
    ['a payload', 'release', 'openshift/release-images:4.18.9-x86_64', '4.18.9-x86_64'],
    ['a payload that no line has', 'release', 'openshift/release-images:4.18.8-x86_64', undefined],
    ['a payload whose tag only begins like it', 'release', 'a:4.18.9-x86_64-cli', undefined],
    ['a component', 'release-component', 'openshift/release:4.18.9-x86_64-cli', '4.18.9-x86_64'],
    ['one with "-" in its name', 'release-component', 'a:4.18.1-x86_64-a-b-c', '4.18.1-x86_64'],
    ['folded paths', 'release-component', '/site/openshift-release:4.18.9-cli', '4.18.9'],
    ['the longer of two names', 'release-component', 'a:4.18.9-multi-cli', '4.18.9-multi'],
    ['a payload that has no name but its digest', 'release-component', 'a:abcdef-cli', 'abcdef'],
    ['a name that ends inside a word', 'release-component', 'a:4.18.90-cli', undefined],
    ['a component without a name', 'release-component', 'a/b:sha256-0123', undefined],
    ['a tag that is the release itself', 'release-component', 'a:4.18.9-x86_64', '4.18.9'],
    ['an image of another kind', 'additional', 'openshift/release:4.18.9-cli', undefined],
    ['a graph image', 'graph', 'openshift/graph-image:4.18.9-cli', undefined],
  ])('knows %s', (_what, kind, destination, expected) => {
    expect(releaseFinder(RELEASES)({ kind, destination })).toBe(expected);
  });

  it('finds what a search through all names finds', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,3}(?:-[a-z0-9]{1,2}){0,3}$/);
    fc.assert(
      fc.property(fc.array(word), word, (names, tag) => {
        const fitting = names.filter((name) => tag.startsWith(`${name}-`));
        const longest = fitting.sort((a, b) => b.length - a.length)[0];
        const line = { kind: 'release-component' as const, destination: `a:${tag}` };
        expect(releaseFinder(names)(line)).toBe(longest);
      }),
    );
  });
});

it('puts components to their releases, and those without a name aside', () => {
  const lines = [
    { kind: 'release', destination: 'p:1-x86_64' },
    { kind: 'release-component', destination: 'c:1-x86_64-cli' },
    { kind: 'release-component', destination: 'c:1-x86_64-etcd' },
    { kind: 'release-component', destination: 'own/path:sha256-00' },
  ] as const;
  const release = { release: '1-x86_64', payload: 'sha256:0' as never, channels: [] };
  const groups = componentsByRelease([release], lines);
  expect([...groups].map(([name, all]) => [name, all.length])).toEqual([
    ['1-x86_64', 2],
    [undefined, 1],
  ]);
});
