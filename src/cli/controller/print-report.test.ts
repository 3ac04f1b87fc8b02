import { describe, expect, it } from 'vitest';
import { ControllerError } from '../../base/controller-error.ts';
import type { MirrorReport } from '../../reconcile/pass-report.ts';
import { formatReport, reportToJson } from './print-report.ts';

const REPORT: MirrorReport = {
  mirror: 'prod-eu',
  state: 'Degraded',
  sourceCommit: 'c'.repeat(40),
  commits: ['d'.repeat(40)],
  images: { added: 9, gone: 1, total: 12 },
  catalogs: [
    { destination: 'i:v1', name: 'i-v1', change: 'updated', added: 3, gone: 1, leftOut: 1 },
  ],
  releases: [
    { release: '4.18.9-x86_64', change: 'new', images: 190 },
    { release: '4.18.1-x86_64', change: 'gone', images: 1 },
  ],
  bytesSent: 2048,
  deleted: 0,
  problems: [],
  failures: [
    {
      entries: [{ position: { path: 'a.yaml', line: 8, column: 9 }, field: 'mirror' }],
      wanted: 'bundle gadget.v2',
      error: new ControllerError('CATALOG_INVALID', 'left out of q.io/i:v1: x is gone', {
        remedy: 'retry-later',
        hint: 'See to x.',
      }),
    },
  ],
  held: [],
  warnings: ['a.yaml:9:15: name: the catalog has no package "widgett"'],
  unfinished: false,
  settled: false,
};

describe('the report of a pass', () => {
  it('says what became of releases and catalogs, what is left out and why, and what filters found odd', () => {
    expect(formatReport({ mirrors: [REPORT], errors: [] })).toBe(
      `prod-eu: Degraded at cccccccccccc: 9 added, 1 gone, 12 in total, 2.0 KiB sent; published dddddddddddd
  4.18.9-x86_64: new, 190 images
  4.18.1-x86_64: gone
  i-v1: 3 bundles added, 1 gone, 1 left out
  a.yaml:8:9: bundle gadget.v2: left out of q.io/i:v1: x is gone
    hint: See to x.
  warning: a.yaml:9:15: name: the catalog has no package "widgett"
`,
    );
  });

  it('has the same for machines', () => {
    const { mirrors } = JSON.parse(reportToJson({ mirrors: [REPORT], errors: [] })) as {
      mirrors: object[];
    };
    const { catalogs, releases, warnings } = REPORT;
    expect(mirrors).toMatchObject([
      { catalogs, releases, warnings, failures: [{ wanted: 'bundle gadget.v2' }] },
    ]);
  });
});
