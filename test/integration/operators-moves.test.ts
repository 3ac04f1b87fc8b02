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
const CATALOG = 'team/catalog:v1';
const BEFORE = {
  ...chains('pump', { stable: ['1.0.0', '1.1.0'] }),
  ...chains('tap', { one: ['1.0.0'] }),
};
const AFTER = {
  ...chains('pump', { stable: ['1.0.0', '1.1.0', '1.2.0'] }),
  ...chains('tap', { one: ['1.0.0'] }),
};

describe.skipIf(needed.length > 0)(`a catalog tag that moves at its source${skipped}`, () => {
  let world: OperatorSite;
  let movedTo: string;

  beforeAll(async () => {
    world = await makeOperatorSite();
    await world.putCatalog(CATALOG, BEFORE);
    await world.commit({
      'operators.yaml': operatorSet([
        { catalog: world.ref(CATALOG), packages: [{ name: 'pump' }, { name: 'tap' }] },
      ]),
    });
    const { code, stderr } = await world.pass();
    expect(code, stderr).toBe(0);
    movedTo = await world.putCatalog(CATALOG, AFTER);
  }, 60_000);
  afterAll(() => world[Symbol.asyncDispose]());

  it('is not noticed before the resync', async () => {
    await world.commit({ 'README.md': 'Nothing.\n' });

    const { report, asked } = await world.pass();

    expect(report.state).toBe('Unchanged');
    expect(asked).toEqual({ source: [], destination: [] });
  });

  it('moves the head on at the resync; what it supersedes stays as an orphan', async () => {
    const { code, report, stderr } = await world.pass('--resync');

    expect(code, stderr).toBe(0);
    expect(report).toMatchObject({ state: 'Applied', images: { added: 3, gone: 1, total: 9 } });
    expect(await world.content(CATALOG)).toEqual({
      pump: ['stable', 'pump.v1.2.0'],
      tap: ['one', 'tap.v1.0.0'],
    });
    const lock = await world.site.lock();
    expect(lock.catalogs).toMatchObject([{ destination: CATALOG, sourceDigest: movedTo }]);
    const orphans = lock.images.filter(({ wantedBy }) => wantedBy.length === 0);
    expect(orphans.map(({ destination, superseded }) => [destination, superseded])).toEqual([
      [await operatorPlace('pump-bundle', '1.1.0'), true],
      [await operatorPlace('pump', '1.1.0'), true],
    ]);
    expect(lock.bundles.filter(({ unlisted }) => unlisted === true)).toMatchObject([
      { bundle: 'pump.v1.1.0' },
    ]);
    for (const { destination, digest } of orphans)
      expect(await world.there(destination)).toBe(digest);
  });

  it('is quiet again', async () => {
    const { report, asked } = await world.pass();

    expect(report.state).toBe('Unchanged');
    expect(asked).toEqual({ source: [], destination: [] });
  });

  it('keeps what is superseded when the same is resolved again', async () => {
    const { report, commits } = await world.pass('--resync');

    expect({ state: report.state, commits }).toEqual({ state: 'Unchanged', commits: 0 });
  });

  it('has taken the old catalog as long as an image set names its digest', async () => {
    await world.putCatalog('team/catalog:v2', BEFORE);
    await world.commit({
      'old.yaml': operatorSet([
        { catalog: world.ref('team/catalog:v2'), packages: [{ name: 'pump' }] },
      ]),
    });

    const { code, report, asked, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    expect(report.state).toBe('Applied');
    expect(asked.source.filter(({ path }) => path.includes('/example/'))).toEqual([]);
    const lock = await world.site.lock();
    expect(lock.images.filter(({ wantedBy }) => wantedBy.length === 0)).toEqual([]);
    expect(lock.catalogs.map(({ name }) => name)).toEqual(['catalog-v1', 'catalog-v2']);
  });
});
