import { describe, expect, it } from 'vitest';
import type { MirrorEntry, MirrorSets } from './mirror-sets.ts';
import { type NodeImpact, nodeImpact } from './node-impact.ts';
import { renderResources } from './render-resources.ts';

/** Mirrors by source. */
type Entries = Readonly<Record<string, readonly string[]>>;

function files(idms: Entries, itms: Entries = {}): Map<string, string> {
  const entries = (of: Entries): MirrorEntry[] =>
    Object.entries(of).map(([source, mirrors]) => ({ source, mirrors }));
  const sets: MirrorSets = {
    idms: [{ category: 'generic', entries: entries(idms) }],
    itms: [{ category: 'generic', entries: entries(itms) }],
  };
  return renderResources(sets, { omit: [] });
}

const NOTHING = new Map<string, string>();

describe('nodeImpact', () => {
  it.each<{
    what: string;
    before: Map<string, string>;
    after: Map<string, string>;
    impact: NodeImpact;
  }>([
    {
      what: 'nothing',
      before: files({ a: ['m/a'] }),
      after: files({ a: ['m/a'] }),
      impact: 'none',
    },
    {
      what: 'a first digest mirror',
      before: NOTHING,
      after: files({ a: ['m/a'] }),
      impact: 'reload',
    },
    {
      what: 'a further source of digest mirrors',
      before: files({ a: ['m/a'] }),
      after: files({ a: ['m/a'], b: ['m/b'] }),
      impact: 'reload',
    },
    {
      what: 'a further mirror of a source, wherever it is sorted',
      before: files({ a: ['m/a'] }),
      after: files({ a: ['l/a', 'm/a'] }),
      impact: 'reload',
    },
    {
      what: 'another order of mirrors',
      before: files({ a: ['m/a', 'l/a'] }),
      after: files({ a: ['l/a', 'm/a'] }),
      impact: 'none',
    },
    {
      what: 'a digest mirror for a source that has tag mirrors',
      before: files({}, { a: ['m/a'] }),
      after: files({ a: ['m/a'] }, { a: ['m/a'] }),
      impact: 'reload',
    },
    {
      what: 'a source that goes',
      before: files({ a: ['m/a'], b: ['m/b'] }),
      after: files({ a: ['m/a'] }),
      impact: 'drain',
    },
    {
      what: 'all that goes',
      before: files({ a: ['m/a'] }),
      after: NOTHING,
      impact: 'drain',
    },
    {
      what: 'a mirror that goes while another comes',
      before: files({ a: ['m/a'] }),
      after: files({ a: ['l/a'] }),
      impact: 'drain',
    },
    {
      what: 'a first tag mirror',
      before: files({ a: ['m/a'] }),
      after: files({ a: ['m/a'] }, { a: ['m/a'] }),
      impact: 'drain',
    },
    {
      what: 'a tag mirror that goes',
      before: files({}, { a: ['m/a'], b: ['m/b'] }),
      after: files({}, { a: ['m/a'] }),
      impact: 'drain',
    },
  ])('is $impact for $what', ({ before, after, impact }) => {
    const report = nodeImpact(before, after);
    expect(report.impact).toBe(impact);
    expect(report.changes.length > 0).toBe(impact !== 'none');
  });

  it('is none for entries that move to another set of their kind', () => {
    const moved = (category: 'generic' | 'operator'): Map<string, string> =>
      renderResources(
        { idms: [{ category, entries: [{ source: 'a', mirrors: ['m/a'] }] }], itms: [] },
        { omit: [] },
      );
    expect(nodeImpact(moved('generic'), moved('operator')).impact).toBe('none');
  });

  it('tells which mirrors of which source come and go', () => {
    const before = files({ a: ['m/a'], b: ['m/b'] }, { c: ['m/c'] });
    const after = files({ a: ['l/a', 'm/a'], d: ['m/d'] }, { c: ['n/c'] });
    expect(nodeImpact(before, after)).toEqual({
      impact: 'drain',
      unreadable: [],
      changes: [
        {
          kind: 'ImageDigestMirrorSet',
          source: 'a',
          change: 'changed',
          mirrorsAdded: ['l/a'],
          mirrorsRemoved: [],
          impact: 'reload',
        },
        {
          kind: 'ImageDigestMirrorSet',
          source: 'b',
          change: 'removed',
          mirrorsAdded: [],
          mirrorsRemoved: ['m/b'],
          impact: 'drain',
        },
        {
          kind: 'ImageDigestMirrorSet',
          source: 'd',
          change: 'added',
          mirrorsAdded: ['m/d'],
          mirrorsRemoved: [],
          impact: 'reload',
        },
        {
          kind: 'ImageTagMirrorSet',
          source: 'c',
          change: 'changed',
          mirrorsAdded: ['n/c'],
          mirrorsRemoved: ['m/c'],
          impact: 'drain',
        },
      ],
    });
  });

  it('is drain where a person forbade the source, since that blocks it', () => {
    const after = files({ a: ['m/a'] });
    const text = after.get('idms-oc-mirror.yaml') ?? '';
    const before = new Map([
      ['idms-oc-mirror.yaml', `${text}    mirrorSourcePolicy: NeverContactSource\n`],
    ]);
    expect(nodeImpact(before, after)).toMatchObject({ impact: 'drain', unreadable: [] });
  });

  it('counts other resources as nothing', () => {
    const other = new Map([['cs-a.yaml', 'kind: CatalogSource\nspec: [\n']]);
    expect(nodeImpact(NOTHING, other).impact).toBe('none');
  });

  it.each([
    { what: 'broken YAML', text: 'kind: ImageDigestMirrorSet\nspec: [\n' },
    { what: 'another form', text: 'kind: ImageDigestMirrorSet\nspec: {imageDigestMirrors: 3}\n' },
    { what: 'a list of sets', text: '[{kind: ImageDigestMirrorSet}]\n' },
    {
      what: 'aliases without end',
      text: `kind: ImageTagMirrorSet\na: &a [x, x]\nb: &b [${'*a, '.repeat(99)}*a]\nc: [${'*b, '.repeat(99)}*b]\n`,
    },
  ])('is drain for $what, since nobody knows what was there', ({ text }) => {
    const report = nodeImpact(new Map([['idms-oc-mirror.yaml', text]]), NOTHING);
    expect(report).toMatchObject({ impact: 'drain', unreadable: ['idms-oc-mirror.yaml'] });
  });
});
