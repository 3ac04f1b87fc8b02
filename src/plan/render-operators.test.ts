import { describe, expect, it } from 'vitest';
import { describePlanTexts } from '../../test/support/describe-plan-texts.ts';
import {
  INDEX,
  bundle,
  lockOf,
  lockedCatalog,
  plannedCatalog,
} from '../../test/support/sample-catalogs.ts';
import { digest, entry, line, planOf, planned } from '../../test/support/sample-plan.ts';
import { ControllerError } from '../base/controller-error.ts';
import type { FieldProblem } from '../base/field-problem.ts';
import type { Lock } from '../lock/lock.ts';
import { catalogChanges } from './catalog-changes.ts';
import type { Plan } from './plan.ts';
import type { PlanReport } from './plan-report.ts';
import type { PlannedCatalog } from './planned-catalog.ts';
import { renderJson } from './render-json.ts';
import { renderMarkdown } from './render-markdown.ts';
import { renderText } from './render-text.ts';

function reportOf(over: Partial<Plan>, lock?: Lock, warnings: readonly FieldProblem[] = []) {
  const plan = planOf(over);
  const nodes = { impact: 'none', changes: [], unreadable: [] } as const;
  return {
    plan,
    catalogs: catalogChanges(plan, lock),
    releases: [],
    warnings,
    nodes,
  } satisfies PlanReport;
}

const BEFORE = [
  bundle('gadget.v1.0.0', 'old', 'stable'),
  bundle('gadget.v1.1.0', 'stable'),
  bundle('pit.v1.0.0', 'alpha'),
];
const FAULT = {
  package: 'gadget',
  bundle: 'gadget.v2.1.0',
  channels: ['fast'],
  reason: 'quay.io/example/gadget@sha256:0: manifest unknown',
};
const PIT: PlannedCatalog = plannedCatalog({
  destination: 'team/pit-index:v2',
  name: 'pit-index-v2',
  source: 'quay.io/team/pit-index:v2',
  bundles: [bundle('pit.v1.0.0', 'alpha'), bundle('pit.v2.0.0', 'alpha', 'beta')],
});
const WARNING: FieldProblem = {
  position: { path: 'base.yaml', line: 9, column: 15 },
  field: 'mirror.operators[0].packages[1].name',
  message: 'the catalog has no package "widgett"',
  hint: 'Write "widget".',
};

/** A catalog that moved on, one under another name, one that fails and one that stays; with their images. */
const OPERATORS = reportOf(
  {
    catalogs: [
      plannedCatalog({
        bundles: [bundle('gadget.v1.1.0', 'stable'), bundle('gadget.v2.0.0', 'fast', 'stable')],
        without: [FAULT],
        sourceDigest: digest('9'),
        inputs: digest('8'),
        previous: lockedCatalog(),
        previousBundles: BEFORE,
      }),
      PIT,
      plannedCatalog({
        destination: 'team/kept:v1',
        bundles: [],
        without: [{ ...FAULT, bundle: 'gadget.v1.0.0' }],
        previous: lockedCatalog({ destination: 'team/kept:v1' }),
        previousBundles: [bundle('gadget.v1.0.0', 'stable')],
      }),
      plannedCatalog({
        destination: 'team/quiet:v1',
        previous: lockedCatalog({ destination: 'team/quiet:v1' }),
        previousBundles: [bundle('gadget.v1.0.0', 'stable')],
      }),
    ],
    adds: [
      planned('team/tool'),
      planned('example/gadget-bundle', { kind: 'bundle' }),
      planned('example/gadget', { kind: 'related-image' }),
      planned('team/pit-index', { kind: 'catalog' }),
    ],
    updates: [
      { ...planned(INDEX, { kind: 'catalog' }), change: 'digest', previous: [line(INDEX)] },
    ],
    orphans: [
      { line: line('left/new'), isNew: true },
      { line: line('example/old', { kind: 'bundle', superseded: true }), isNew: true },
      { line: line('x', { destination: 'team/pit-index:v1', kind: 'catalog' }), isNew: true },
      { line: line('x', { destination: 'team/left:v1', kind: 'catalog' }), isNew: false },
    ],
    keeps: [line('x', { destination: 'team/failing:v1', kind: 'catalog' })],
    failures: ['bundle gadget.v2.1.0', 'bundle gadget.v2.2.0'].map((wanted) => ({
      entries: [entry('base.yaml', 8, 'mirror.operators[0].packages[0]')],
      wanted,
      error: new ControllerError('CATALOG_INVALID', 'left out: manifest unknown', {
        remedy: 'retry-later',
        hint: 'See to it that all images are there.',
      }),
    })),
  },
  lockOf({
    catalogs: [
      lockedCatalog(),
      ...['team/pit-index:v1', 'team/left:v1', 'team/failing:v1', 'team/deleted:v1'].map(
        (destination) =>
          lockedCatalog({
            destination,
            name: destination.slice('team/'.length).replace(':', '-'),
            source: `quay.io/${destination}`,
          }),
      ),
    ],
    bundles: BEFORE,
  }),
  [WARNING],
);

const EVIL = 'a`b\u001b[2J\u202e\n- @everyone </details> |';
const HOSTILE = reportOf(
  {
    catalogs: [
      plannedCatalog({
        destination: EVIL,
        name: EVIL,
        source: EVIL,
        bundles: [{ ...bundle('evil.v1', EVIL), bundle: EVIL, package: EVIL }],
        without: [{ package: EVIL, bundle: EVIL, channels: [EVIL], reason: EVIL }],
        packages: [{ name: EVIL, entry: entry(EVIL, 1, EVIL) }],
      }),
    ],
  },
  lockOf({ catalogs: [lockedCatalog({ name: EVIL, destination: 'y', source: EVIL })] }),
  [{ position: { path: EVIL, line: 1, column: 1 }, field: EVIL, message: EVIL, hint: EVIL }],
);

describePlanTexts({ operators: OPERATORS, 'hostile-operators': HOSTILE });

describe('a plan of a whole catalog', () => {
  const bundles = Array.from({ length: 6_000 }, (_, index) =>
    bundle(`op-${index % 400}.v1.${index}.0`, 'alpha', 'stable'),
  );
  const adds = bundles.map(({ bundle: name }) => planned(`op/${name}`, { kind: 'bundle' }));
  const report = reportOf({ catalogs: [plannedCatalog({ bundles })], adds });

  it('fits a comment, and keeps what it says of packages rather than of images', () => {
    const text = renderMarkdown(report);
    expect(text.length).toBeLessThan(60_000);
    expect(text).toContain('- catalogs: 1 new; bundles: 6000 added\n');
    expect(text.match(/^ {2}- `\+` package /gm)).toHaveLength(20);
    expect(text).toContain('  - and 380 more; ');
    expect(text).toContain('<summary>images of operators to add (6000: 6000 bundles)</summary>');
  });

  it('shows the first packages in a terminal, and counts the images', () => {
    const text = renderText(report);
    expect(text.match(/^ {4}\+ package /gm)).toHaveLength(20);
    expect(text).toContain('images of operators to add: 6000 (6000 bundles);');
    expect(text).not.toContain('op/op-1.v1');
  });

  it('is all there in JSON', () => {
    const { plans } = JSON.parse(renderJson([report])) as {
      plans: { catalogChanges: { packages: { channels: object[] }[] }[] }[];
    };
    const packages = plans[0]?.catalogChanges[0]?.packages ?? [];
    expect(packages).toHaveLength(400);
    expect(packages.flatMap(({ channels }) => channels)).toHaveLength(800);
  });

  it('gives up images before packages where not all fits a comment, and folds many packages', () => {
    const few = bundles.filter((_, index) => index < 30);
    const text = renderMarkdown(reportOf({ catalogs: [plannedCatalog({ bundles: few })], adds }));
    expect(text).toContain('<details>\n<summary>operator catalogs (1)</summary>');
    expect(text.match(/^ {2}- `\+` package /gm)).toHaveLength(30);
    expect(text).toContain('\n- and 5980 more; ');
  });

  it('shows images of operators in a comment where they fit it, folded', () => {
    const few = reportOf({ catalogs: [plannedCatalog()], adds: adds.slice(0, 30) });
    const text = renderMarkdown(few);
    expect(text).toContain('<details>\n<summary>images of operators to add (30: 30 bundles)');
    expect(text.match(/^- `\+` `op\/op-/gm)).toHaveLength(30);
  });
});
