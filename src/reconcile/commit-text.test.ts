import { describe, expect, it } from 'vitest';
import { planOf } from '../../test/support/sample-plan.ts';
import { ControllerError } from '../base/controller-error.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import { publishedMessage } from './commit-text.ts';
import type { PassContext } from './pass-context.ts';

const CONTEXT = {
  mirror: { name: 'prod-eu' },
  source: { commit: 'c'.repeat(40), branch: 'main', subject: 'Add gadget (#214)' },
} as PassContext;
const COUNTS = { added: 2, addedBytes: 10, leaving: 0, total: 2 };

function failure(wanted: string, line: number, message: string): EntryFailure {
  return {
    entries: [{ position: { path: 'a.yaml', line, column: 7 }, field: 'mirror' }],
    wanted,
    error: new ControllerError('CATALOG_INVALID', message, { remedy: 'retry-later' }),
  };
}

function bodyOf(failures: readonly EntryFailure[]): string[] {
  const message = publishedMessage(CONTEXT, planOf({}), COUNTS, {
    catalogs: [],
    releases: [],
    failures,
  });
  return (message.split('Not done:\n')[1] ?? '').split('\n\n', 1)[0]?.split('\n') ?? [];
}

describe('publishedMessage', () => {
  it('says what became of catalogs', () => {
    const catalogs = [
      { destination: 'i:v1', name: 'i-v1', change: 'updated', added: 3, gone: 1, leftOut: 0 },
    ] as const;
    expect(
      publishedMessage(CONTEXT, planOf({}), COUNTS, { catalogs, releases: [], failures: [] }),
    ).toContain(
      '\n\nAdd gadget (#214)\n\nOperator catalogs:\n- i-v1: 3 bundles added, 1 gone\n\nImageset-Mirror',
    );
  });

  it('says what became of releases, and how many there are of each sort', () => {
    const releases = [
      { release: '4.18.9-x86_64', change: 'new', images: 190 },
      { release: '4.18.10-x86_64', change: 'new', images: 191 },
      { release: '4.18.1-x86_64', change: 'gone', images: 189 },
    ] as const;
    const told = { catalogs: [], releases, failures: [] };
    expect(publishedMessage(CONTEXT, planOf({}), COUNTS, told)).toContain(
      '\n\n2 releases added, 1 gone:\n- 4.18.9-x86_64: new, 190 images\n- 4.18.10-x86_64: new, 191 images\n- 4.18.1-x86_64: gone\n\nImageset-Mirror',
    );
  });

  it('names a bundle that is left out, where it is asked for and why', () => {
    expect(bodyOf([failure('bundle gadget.v2', 8, 'left out of i:v1: x is gone')])).toEqual([
      '- bundle gadget.v2 (a.yaml:8:7): left out of i:v1: x is gone',
    ]);
  });

  it('says once what one missing image does to many bundles', () => {
    const bundles = ['v1', 'v2', 'v3', 'v4', 'v5'].map((name) => failure(name, 8, 'x is gone'));
    expect(
      bodyOf([...bundles, failure('v6', 9, 'y is gone'), failure('v7', 9, 'x is gone')]),
    ).toEqual([
      '- v1, v2, v3 and 3 more (a.yaml:8:7, a.yaml:9:7): x is gone',
      '- v6 (a.yaml:9:7): y is gone',
    ]);
  });
});
