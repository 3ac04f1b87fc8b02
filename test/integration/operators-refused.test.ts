import { chains } from '../support/catalogs/chains.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type OperatorSite,
  makeOperatorSite,
  operatorPlace,
  operatorSet,
} from '../support/operator-site.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const PUMP = chains('pump', { stable: ['1.0.0', '1.1.0'], candidate: ['1.1.0', '2.0.0'] });
const GOOD = chains('tap', { one: ['1.0.0'] });

/** What an image set says of a catalog, and what is at the catalog's place. */
interface Wrong {
  readonly what: string;
  readonly place: string;
  readonly entry?: object;
  readonly says: RegExp;
}

const WRONG: readonly Wrong[] = [
  { what: 'a document that is no JSON', place: 'bad/corrupt:1', says: /pump\/catalog\.json/ },
  { what: 'no label', place: 'bad/unlabelled:1', says: /no file-based catalog|label/ },
  { what: 'a database', place: 'bad/sqlite:1', says: /SQLite/ },
  { what: 'nothing there', place: 'bad/absent:1', says: /not found|no such|unknown|404/i },
  {
    what: 'only packages that it has not',
    place: 'bad/good:1',
    entry: { packages: [{ name: 'pomp' }] },
    says: /operators\.yaml:\d+:\d+.*pomp/s,
  },
  {
    what: 'its default channel filtered out',
    place: 'bad/good:1',
    entry: { packages: [{ name: 'pump', channels: [{ name: 'candidate' }] }] },
    says: /operators\.yaml:\d+:\d+.*default channel.*stable.*defaultChannel/s,
  },
  {
    what: 'a range that matches nothing of the default channel',
    place: 'bad/good:1',
    entry: { packages: [{ name: 'pump', channels: [{ name: 'stable', minVersion: '7.0.0' }] }] },
    says: /operators\.yaml:\d+:\d+.*7\.0\.0/s,
  },
];

describe.skipIf(needed.length > 0)(`an operator entry that fails${skipped}`, () => {
  let world: OperatorSite;

  beforeAll(async () => {
    world = await makeOperatorSite();
    await world.putCatalog('team/good:v1', GOOD);
    await world.putCatalog('bad/good:1', PUMP);
    await world.putCatalog('bad/corrupt:1', { 'pump/catalog.json': '{"schema": "olm.package", ' });
    await world.putCatalog('bad/unlabelled:1', PUMP, { label: null });
    await world.putCatalog('bad/sqlite:1', {}, { database: true });
  }, 60_000);
  afterAll(() => world[Symbol.asyncDispose]());

  it.each(WRONG)('fails alone, with its position: $what', async ({ place, entry = {}, says }) => {
    await world.commit({
      'operators.yaml': operatorSet([{ catalog: world.ref(place), ...entry }]),
      'other.yaml': operatorSet([{ catalog: world.ref('team/good:v1') }]),
    });

    const { code, report, stderr } = await world.pass();

    expect(code, stderr).toBe(3);
    expect(report.state).toBe('Degraded');
    const [failure] = report.failures as unknown as {
      wanted: string;
      entries: { position: object }[];
      error: { message: string; hint?: string };
    }[];
    expect(report.failures).toHaveLength(1);
    expect(failure?.entries[0]?.position).toMatchObject({ path: 'operators.yaml', line: 5 });
    expect(`${failure?.error.message ?? ''} ${failure?.error.hint ?? ''}`).toMatch(says);
    expect(await world.content('team/good:v1')).toEqual({ tap: ['one', 'tap.v1.0.0'] });
    expect(await world.there(place)).toBeUndefined();
  });

  it('warns of a package that is not there beside others', async () => {
    await world.commit({
      'operators.yaml': operatorSet([
        { catalog: world.ref('bad/good:1'), packages: [{ name: 'pump' }, { name: 'pomp' }] },
      ]),
    });

    const { code, report, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    expect(report.warnings.join('\n')).toMatch(/operators\.yaml:\d+:\d+.*pomp/);
    expect(Object.keys(await world.content('bad/good:1'))).toEqual(['pump']);
  });

  it('keeps the last good state of a catalog whose source broke', async () => {
    const published = await world.there('bad/good:1');
    const before = await world.site.lock();
    await world.putCatalog('bad/good:1', { 'pump/catalog.json': '{"schema": ' });

    const { code, report } = await world.pass('--resync');

    expect({ code, state: report.state }).toEqual({ code: 3, state: 'Degraded' });
    expect(await world.there('bad/good:1')).toBe(published);
    const after = await world.site.lock();
    expect(after.images).toEqual(before.images);
    expect(after.catalogs).toEqual(before.catalogs);
    expect(after.bundles).toEqual(before.bundles);
    expect(await world.resource('cs-good-1.yaml')).toMatchObject({ kind: 'CatalogSource' });
    expect(await world.there(await operatorPlace('pump', '2.0.0'))).toBeDefined();
  });
});
