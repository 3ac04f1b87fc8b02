import { describe, expect, it } from 'vitest';
import { describePlanTexts } from '../../test/support/describe-plan-texts.ts';
import { lockOf } from '../../test/support/sample-catalogs.ts';
import {
  componentAt,
  imagesOf,
  linesOf,
  lockedRelease,
  payloadAt,
  plannedRelease,
} from '../../test/support/sample-releases.ts';
import { digest, entry, line, planOf, planned } from '../../test/support/sample-plan.ts';
import type { Lock, LockedImage } from '../lock/lock.ts';
import { releaseChanges } from './release-changes.ts';
import type { ReleaseChange } from './release-change.ts';
import type { Plan } from './plan.ts';
import type { PlanReport } from './plan-report.ts';
import type { PlannedRelease } from './planned-release.ts';
import { renderMarkdown } from './render-markdown.ts';
import { renderText } from './render-text.ts';

function reportOf(over: Partial<Plan>, lock?: Lock): PlanReport {
  const plan = planOf({ keeps: [], ...over });
  const nodes = { impact: 'none', changes: [], unreadable: [] } as const;
  return { plan, catalogs: [], releases: releaseChanges(plan, lock), warnings: [], nodes };
}

function unsigned(release: PlannedRelease): PlannedRelease {
  const { signature, ...rest } = release;
  return rest;
}

/** A release that the lock has, with changes; its lines are wanted. */
function known(release: string, over: Partial<PlannedRelease> = {}): PlannedRelease {
  return plannedRelease(release, { previous: lockedRelease(release), ...over });
}

const WANTED = { wantedBy: ['base.yaml'] };
const NEW = plannedRelease('4.18.10-x86_64', {
  ...{ channels: ['fast-4.18', 'stable-4.18'], newImages: 2, bytesToMove: 1_288_490_189 },
  entries: [
    entry('base.yaml', 8, 'mirror.platform.channels[0]'),
    entry('base.yaml', 9, 'mirror.platform.channels[1]'),
  ],
});
const UNSIGNED = unsigned(plannedRelease('abcdef', { channels: [], newImages: 3 }));
const UPDATED = known('4.18.9-x86_64', {
  ...{ payload: digest('e'), channels: ['fast-4.18'], newImages: 1, bytesToMove: 2048 },
  signature: digest('9'),
});
const INCOMPLETE = plannedRelease('4.18.11-x86_64');
const QUIET = unsigned(
  known('4.18.8-x86_64', {
    previous: { release: '4.18.8-x86_64', payload: digest('a'), channels: ['stable-4.18'] },
  }),
);
const RECHANNELED = known('4.18.7-x86_64', { channels: ['eus-4.18', 'stable-4.18'] });

function orphans(release: string, over: Partial<LockedImage>, isNew: boolean): Plan['orphans'] {
  return linesOf(release, over).map((one) => ({ line: one, isNew }));
}

/** Releases in each way in which they can change, and the images of these. */
const RELEASES = reportOf(
  {
    releases: [QUIET, RECHANNELED, UPDATED, NEW, INCOMPLETE, UNSIGNED],
    adds: [
      planned('openshift/graph-image', {
        kind: 'graph',
        sources: [{ source: 'https://graph.example/data', wantedBy: ['base.yaml'] }],
      }),
      ...imagesOf(NEW),
      ...imagesOf(INCOMPLETE).slice(1),
      ...imagesOf(UNSIGNED),
    ],
    updates: imagesOf(UPDATED)
      .slice(2)
      .map((one) => ({ ...one, change: 'digest', previous: linesOf('4.18.9-x86_64').slice(2) })),
    keeps: [
      ...linesOf('4.18.9-x86_64', WANTED).slice(0, 2),
      ...linesOf('4.18.8-x86_64', WANTED),
      ...linesOf('4.18.7-x86_64', WANTED),
      ...linesOf('4.17.9-x86_64', WANTED),
    ],
    orphans: [
      ...orphans('4.16.3-x86_64', {}, true),
      ...orphans('4.16.2-x86_64', { superseded: true }, true),
      ...orphans('4.16.1-x86_64', {}, false),
      ...orphans('4.15.9-x86_64', {}, false).slice(0, 1),
    ],
    deletes: [
      ...linesOf('4.14.2-x86_64').map((one) => ({
        line: one,
        reason: 'delete.yaml',
        entry: entry('delete.yaml', 5, 'delete.platform.channels[0]'),
      })),
      { line: line('team/tool'), reason: 'prune' },
      ...linesOf('4.15.9-x86_64')
        .slice(1)
        .map((one) => ({ line: one, reason: 'prune' })),
    ],
    returns: linesOf('4.13.1-x86_64'),
    deleting: linesOf('4.12.1-x86_64').map(({ wantedBy, ...one }) => {
      return { ...one, since: 'c'.repeat(40), reason: 'delete.yaml' };
    }),
    bytesToMove: 1_288_492_237,
  },
  lockOf({
    catalogs: [],
    releases: [
      ...['4.18.9', '4.18.8', '4.18.7', '4.17.9', '4.16.3', '4.16.2', '4.16.1', '4.15.9'],
      ...['4.14.2', '4.13.1', '4.12.1'],
    ].map((version) => lockedRelease(`${version}-x86_64`)),
  }),
);

const EVIL = 'a`b\u001b[2J\u202e\n- @everyone </details> |';
const HOSTILE = reportOf(
  {
    releases: [
      unsigned(
        plannedRelease(EVIL, {
          ...{ channels: [EVIL], components: [EVIL], entries: [entry(EVIL, 1, EVIL)] },
          previous: lockedRelease(EVIL, { channels: [`${EVIL}2`], payload: digest('e') }),
        }),
      ),
    ],
    orphans: orphans(`${EVIL}3`, {}, true),
  },
  lockOf({ catalogs: [], releases: [lockedRelease(`${EVIL}3`, { channels: [EVIL] })] }),
);

describePlanTexts({ releases: RELEASES, 'hostile-releases': HOSTILE });

describe('what a plan does to a release', () => {
  const R9 = '4.18.9-x86_64';
  const LOCK = lockOf({ catalogs: [], releases: [lockedRelease(R9)] });
  const [cli, hyperkube, payload] = linesOf(R9, WANTED);
  if (!cli || !hyperkube || !payload) throw new Error('a sample release has three images');
  const release = known(R9);
  const all = imagesOf(release);
  const isNew = true;
  const reason = 'prune';

  it.each<[ReleaseChange['change'] | undefined, string, Partial<Plan>]>([
    ['unchanged', 'all is there', { releases: [release], keeps: linesOf(R9, WANTED) }],
    [
      'new',
      'its payload was not there',
      { releases: [release], adds: all.slice(2), keeps: [cli, hyperkube] },
    ],
    [
      'new',
      'the lock has no line of it',
      { releases: [plannedRelease(R9)], keeps: linesOf(R9, WANTED) },
    ],
    [
      'updated',
      'a component comes',
      { releases: [release], adds: all.slice(0, 1), keeps: [hyperkube, payload] },
    ],
    [
      'updated',
      'its signature is another',
      { releases: [{ ...release, signature: digest('9') }], keeps: linesOf(R9) },
    ],
    ['updated', 'its signature is gone', { releases: [unsigned(release)], keeps: linesOf(R9) }],
    ['incomplete', 'a component cannot be had', { releases: [release], keeps: [cli, payload] }],
    ['stays', 'something wants its payload', { keeps: [payload], orphans: [{ line: cli, isNew }] }],
    ['orphaned', 'its payload counts', { keeps: [cli], orphans: [{ line: payload, isNew }] }],
    [
      'gone',
      'its payload counts',
      { deletes: [{ line: payload, reason }], orphans: [{ line: cli, isNew }] },
    ],
    [
      'gone',
      'of what is left the most counts',
      { deletes: [{ line: cli, reason }], orphans: [{ line: hyperkube, isNew }] },
    ],
    [
      'stays',
      'of what is left the most counts',
      { keeps: [cli], deletes: [{ line: hyperkube, reason }] },
    ],
    ['returned', 'its delete is called off', { returns: [cli, hyperkube, payload] }],
    [undefined, 'it is leaving already', {}],
  ])('is %s where %s', (expected, _why, plan) => {
    const [found] = releaseChanges(planOf({ keeps: [], ...plan }), LOCK);
    expect(found?.change).toBe(expected);
  });

  it('is not told of a lock of another destination', () => {
    const lock = { ...LOCK, destination: 'elsewhere.io' };
    expect(releaseChanges(planOf({ orphans: [{ line: payload, isNew }] }), lock)).toEqual([]);
  });

  it('counts a place once that has two names, and a component for the longest name', () => {
    const lock = lockOf({
      catalogs: [],
      releases: [lockedRelease('4.18.9'), lockedRelease('4.18.9-multi')],
    });
    const lines = [
      ...linesOf('4.18.9'),
      ...linesOf('4.18.9').map((one) => ({ ...one, source: 'other.io/a:1' })),
      ...linesOf('4.18.9-multi'),
    ];
    const deletes = lines.map((one) => ({ line: one, reason }));
    const changes = releaseChanges(planOf({ keeps: [], deletes }), lock);
    expect(changes.map(({ release: name, images }) => [name, images.total, images.gone])).toEqual([
      ['4.18.9', 3, 3],
      ['4.18.9-multi', 3, 3],
    ]);
    const planOfMulti = { releases: [plannedRelease('4.18.9-multi')], deletes };
    const [one] = releaseChanges(planOf({ keeps: [], ...planOfMulti }), lock);
    expect(one).toMatchObject({ release: '4.18.9', images: { total: 3 } });
  });
});

describe('a plan of very many releases', () => {
  const COMPONENTS = Array.from({ length: 190 }, (_, index) => `component-${index}`);
  const releases = Array.from({ length: 100 }, (_, index) => {
    const release = `4.18.${index}-x86_64`;
    const components = COMPONENTS.map((name) => componentAt(release, name));
    return plannedRelease(release, { components, destination: payloadAt(release) });
  });
  const report = reportOf({ releases, adds: releases.flatMap(imagesOf) });

  it('fits a comment, and keeps what it says of releases rather than of images', () => {
    const text = renderMarkdown(report);
    expect(text.length).toBeLessThan(60_000);
    expect(text).toContain('- releases: 100 new\n');
    expect(text).toContain('<summary>releases (100)</summary>');
    expect(text.match(/^- `\+` `4\.18\./gm)).toHaveLength(100);
    expect(text).toContain(
      '<summary>images of releases to add (19100: 100 payloads, 19000 components)</summary>',
    );
  });

  it('shows the first releases in a terminal, and counts the images', () => {
    const text = renderText(report);
    expect(text.match(/^ {2}\+ 4\.18\./gm)).toHaveLength(20);
    expect(text).toContain('images of releases to add: 19100 (100 payloads, 19000 components);');
    expect(text).not.toContain('component-0');
  });
});
