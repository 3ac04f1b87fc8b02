import { describe, expect, it } from 'vitest';
import { describePlanTexts } from '../../test/support/describe-plan-texts.ts';
import { COMMIT, entry, line, planOf, planned } from '../../test/support/sample-plan.ts';
import { ControllerError } from '../base/controller-error.ts';
import { type NodeImpactReport, nodeImpact } from '../resources/node-impact.ts';
import type { Plan } from './plan.ts';
import type { PlanReport } from './plan-report.ts';
import { renderJson } from './render-json.ts';
import { renderMarkdown } from './render-markdown.ts';
import { renderText } from './render-text.ts';

const QUIET: NodeImpactReport = { impact: 'none', changes: [], unreadable: [] };

function mirrorSets(entries: readonly (readonly [string, string])[]): ReadonlyMap<string, string> {
  const listed = entries.map(([source, mirror]) => ({ source, mirrors: [mirror] }));
  const set = { kind: 'ImageTagMirrorSet', spec: { imageTagMirrors: listed } };
  return new Map([['itms-oc-mirror.yaml', JSON.stringify(set)]]);
}

function reportOf(over: Partial<Plan>, nodes = QUIET): PlanReport {
  return { plan: planOf(over), catalogs: [], releases: [], warnings: [], nodes };
}

const ARM64 = { os: 'linux', architecture: 'arm64' };
const AMD64 = { os: 'linux', architecture: 'amd64' };

const REPORTS: Readonly<Record<string, PlanReport>> = {
  quiet: reportOf({}),
  typical: reportOf(
    {
      adds: [
        planned('team/app', {
          platforms: [AMD64, ARM64],
          sources: ['ghcr.io/team/app:1', 'quay.io/team/app:1'].map((source) => ({
            source,
            wantedBy: ['base.yaml'],
          })),
          entries: [1, 2, 3, 4, 5].map((number) => entry('base.yaml', number)),
        }),
        planned('team/tool'),
      ],
      updates: [
        { ...planned('ubi9/ubi'), change: 'digest', previous: [line('ubi9/ubi')] },
        {
          ...planned('ubi9/toolbox'),
          change: 'platforms',
          previous: [line('ubi9/toolbox', { platforms: [AMD64] })],
        },
      ],
      deletes: [
        {
          line: line('old/app'),
          reason: 'delete.yaml',
          entry: entry('delete.yaml', 6, 'delete.additionalImages[0]'),
        },
        { line: line('old/tool'), reason: 'prune' },
      ],
      held: [
        {
          destination: 'old/shared:1',
          reason: 'delete.yaml',
          entry: entry('delete.yaml', 8, 'delete.additionalImages[1]'),
          why: 'still wanted by mirror prod-us',
        },
      ],
      returns: [line('back/again')],
      deleting: [
        { ...line('going/one'), since: COMMIT, reason: 'delete.yaml' },
        {
          ...line('going/two'),
          since: COMMIT,
          reason: 'prune',
          held: 'another tag has its manifest',
        },
      ].map(({ wantedBy: _wantedBy, ...rest }) => rest),
      orphans: [
        { line: line('left/new'), isNew: true },
        { line: line('left/moved', { superseded: true }), isNew: true },
        { line: line('left/old'), isNew: false },
      ],
      failures: [
        {
          entries: [entry('base.yaml', 12)],
          wanted: 'quay.io/team/gone:1',
          error: new ControllerError('REGISTRY_NOT_FOUND', 'quay.io has no team/gone:1', {
            remedy: 'retry-later',
            hint: 'Look whether it was renamed.',
          }),
        },
      ],
      bytesToMove: 3_651_234_567,
    },
    nodeImpact(
      mirrorSets([['quay.io/old', 'registry.example.com/mirror/old']]),
      mirrorSets([['quay.io/team', 'registry.example.com/mirror/team']]),
    ),
  ),
  hostile: reportOf(
    {
      adds: [
        planned('evil', {
          entries: [
            entry('a`b``c.yaml', 1, '</details><script>alert(1)</script>'),
            entry('\u001b[2J\u202egnp.yaml\n- @everyone #1', 2, '[x](https://evil.example)'),
            entry('`', 3, ' '),
          ],
        }),
        planned('long', { entries: [entry('x'.repeat(1000), 1)] }),
      ],
    },
    { impact: 'drain', changes: [], unreadable: ['idms\u0007.yaml'] },
  ),
};

function many(count: number): PlanReport {
  const adds = Array.from({ length: count }, (_, index) => planned(`team/app-${index}`));
  return reportOf({ adds });
}

describePlanTexts(REPORTS);

describe('deletes that one thing holds', () => {
  function held(count: number): PlanReport {
    const asked = { reason: 'delete.yaml', entry: entry('delete.yaml', 6), why: 'still wanted' };
    const images = Array.from({ length: count }, (_, index) => ({
      ...{ destination: `openshift/release:4.18.9-x86_64-c${index}`, digest: line('c').digest },
      ...asked,
    }));
    const other = { ...images[0], destination: 'team/app:1', why: 'wanted by others' };
    return reportOf({ held: [...images, other] as Plan['held'] });
  }

  it('are said one by one where they are few', () => {
    expect(renderText(held(3)).match(/^ {2}! .*: still wanted;/gm)).toHaveLength(3);
  });

  it('are said once where they are many, and all counted', () => {
    const text = renderText(held(4));
    expect(text).toContain('deletes that are held (5):\n  ! 4 images: still wanted; asked for by ');
    expect(text.match(/still wanted/g)).toHaveLength(1);
    expect(text).toContain('    ! openshift/release:4.18.9-x86_64-c3\n  ! team/app:1: wanted by');
    expect(renderText(held(190))).toContain('and 170 more; --output json has all');
    expect(renderMarkdown(held(4))).toContain('**deletes that are held (5)**');
  });
});

it('names what fails once', () => {
  const fail = (wanted: string, message: string): Plan['failures'][number] => ({
    ...{ entries: [entry('base.yaml', 12)], wanted },
    error: new ControllerError('RELEASE_SELECTION', message, { remedy: 'wait-for-change' }),
  });
  const failures = [
    fail('stable-4.18', 'stable-4.18 has no releases'),
    fail('stable-4.17 4.17.1', 'the signature is bad'),
  ];
  const text = renderText(reportOf({ failures }));
  expect(text).toContain('  ! stable-4.18 has no releases (RELEASE_SELECTION), wanted by');
  expect(text).toContain('  ! stable-4.17 4.17.1: the signature is bad (RELEASE_SELECTION)');
});

describe('a long plan', () => {
  it('shows all of 50 images and the first 20 of 51', () => {
    expect(renderText(many(50)).match(/^ {2}\+ /gm)).toHaveLength(50);
    const text = renderText(many(51));
    expect(text.match(/^ {2}\+ /gm)).toHaveLength(20);
    expect(text).toContain('images to add (51):');
    expect(text).toContain('    and 31 more; --output json has all\n');
  });

  it('is folded in Markdown, with every image as long as it fits a comment', () => {
    const text = renderMarkdown(many(51));
    expect(text).toContain('<details>\n<summary>images to add (51)</summary>\n\n- `+` ');
    expect(text.match(/^- `\+` /gm)).toHaveLength(51);
    expect(renderMarkdown(many(50))).not.toContain('<details>');
  });

  it.each([1_000, 20_000])('fits a comment with %d images', (count) => {
    const text = renderMarkdown(many(count));
    expect(text.length).toBeLessThan(60_000);
    expect(text).toContain(`- and ${count - 20} more; `);
  });

  it('has every image in JSON', () => {
    const read = JSON.parse(renderJson([many(1_000), many(3)])) as { plans: Plan[] };
    expect(read.plans.map(({ adds }) => adds.length)).toEqual([1_000, 3]);
  });

  it('fits a comment with names of any length', () => {
    const entries = Array.from({ length: 4 }, () => entry('p'.repeat(5_000), 1, 'f'.repeat(5_000)));
    const adds = many(60).plan.adds.map((one) => ({ ...one, entries }));
    const report = reportOf({ adds, updates: [], held: [] });
    expect(renderMarkdown(report).length).toBeLessThan(60_000);
  });
});
