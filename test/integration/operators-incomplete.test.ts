import { chains } from '../support/catalogs/chains.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type OperatorSite,
  makeOperatorSite,
  operatorDelete,
  operatorPlace,
  operatorSet,
} from '../support/operator-site.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const CATALOG = 'team/catalog:v1';
const FILES = {
  ...chains('pump', { stable: ['1.0.0', '1.1.0', '1.2.0'] }),
  ...chains('tap', { one: ['1.0.0'] }),
};

describe.skipIf(needed.length > 0)(`a bundle with an image gone${skipped}`, () => {
  let world: OperatorSite;

  beforeEach(async () => {
    world = await makeOperatorSite();
    await world.putCatalog(CATALOG, FILES);
  }, 60_000);
  afterEach(() => world[Symbol.asyncDispose]());

  async function want(...packages: object[]): Promise<void> {
    await world.commit({
      'operators.yaml': operatorSet([{ catalog: world.ref(CATALOG), packages }]),
    });
  }
  const WHOLE_CHANNEL = { name: 'pump', channels: [{ name: 'stable', minVersion: '1.0.0' }] };

  it.each([
    { what: 'its own image', image: 'pump-bundle' },
    { what: 'a related image', image: 'pump' },
  ])(
    'is left out, the rest is published, and it comes when it is whole: $what',
    async ({ image }) => {
      await want(WHOLE_CHANNEL, { name: 'tap' });
      await world.removeImage(image, '1.2.0');

      const first = await world.pass();

      expect(first.code, first.stderr).toBe(3);
      expect(first.report.state).toBe('Degraded');
      expect(await world.content(CATALOG)).toEqual({
        pump: ['stable', 'pump.v1.0.0', 'pump.v1.1.0'],
        tap: ['one', 'tap.v1.0.0'],
      });
      const lock = await world.site.lock();
      expect(lock.catalogs).toMatchObject([{ without: ['pump.v1.2.0'] }]);
      expect(lock.bundles.map(({ bundle }) => bundle)).toEqual([
        'pump.v1.0.0',
        'pump.v1.1.0',
        'tap.v1.0.0',
      ]);
      expect(lock.configurations).toMatchObject([{ incomplete: true }]);
      const told = JSON.stringify(first.report.failures);
      expect(told).toContain('pump.v1.2.0');
      expect(told).toContain('operators.yaml');
      const body = await world.site.git.git(['log', '-1', '--format=%B', 'manifests']);
      expect(body).toContain('pump.v1.2.0');

      const again = await world.pass();
      expect(again).toMatchObject({
        code: 3,
        commits: 0,
        report: { state: 'Degraded', bytesSent: 0 },
      });

      await world.putImage(image, '1.2.0');
      const healed = await world.pass();
      expect(healed, healed.stderr).toMatchObject({ code: 0, report: { state: 'Applied' } });
      expect(await world.content(CATALOG)).toMatchObject({
        pump: ['stable', 'pump.v1.0.0', 'pump.v1.1.0', 'pump.v1.2.0'],
      });
      expect((await world.site.lock()).catalogs[0]).not.toHaveProperty('without');
      const quiet = await world.pass();
      expect(quiet.asked).toEqual({ source: [], destination: [] });
    },
  );

  it('leaves a whole package out when it is its only one', async () => {
    await want(WHOLE_CHANNEL, { name: 'tap' });
    await world.removeImage('tap', '1.0.0');

    const { code, stderr } = await world.pass();

    expect(code, stderr).toBe(3);
    expect(Object.keys(await world.content(CATALOG))).toEqual(['pump']);
  });

  it('publishes no catalog when nothing is left of it, and no resources of it', async () => {
    await want({ name: 'tap' });
    await world.removeImage('tap', '1.0.0');

    const { code, report } = await world.pass();

    expect({ code, state: report.state }).toEqual({ code: 3, state: 'Degraded' });
    expect(await world.there(CATALOG)).toBeUndefined();
    expect(await world.site.published('resources/cs-catalog-v1.yaml')).toBeUndefined();
    await world.putImage('tap', '1.0.0');
    expect(await world.pass()).toMatchObject({ code: 0 });
    expect(await world.content(CATALOG)).toEqual({ tap: ['one', 'tap.v1.0.0'] });
  });

  it('keeps the published catalog and its images when the new one would be empty', async () => {
    await want({ name: 'pump' });
    expect(await world.pass()).toMatchObject({ code: 0 });
    const published = await world.there(CATALOG);
    await world.putCatalog(CATALOG, chains('pump', { stable: ['1.1.0', '1.2.0', '1.3.0'] }));
    await world.removeImage('pump', '1.3.0');

    const { code, report, stderr } = await world.pass('--resync');

    expect({ code, state: report.state }, stderr).toEqual({ code: 3, state: 'Degraded' });
    expect(await world.there(CATALOG)).toBe(published);
    const lock = await world.site.lock();
    const places = [
      await operatorPlace('pump-bundle', '1.2.0'),
      await operatorPlace('pump', '1.2.0'),
    ];
    expect(lock.images.filter(({ destination }) => places.includes(destination))).toMatchObject([
      { wantedBy: ['operators.yaml'] },
      { wantedBy: ['operators.yaml'] },
    ]);
    expect(lock.bundles.filter(({ unlisted }) => unlisted !== true)).toMatchObject([
      { bundle: 'pump.v1.2.0' },
    ]);
    const again = await world.pass();
    expect(again).toMatchObject({ code: 3, commits: 0 });

    await world.putImage('pump', '1.3.0');
    expect(await world.pass('--resync')).toMatchObject({ code: 0 });
    expect(await world.content(CATALOG)).toEqual({ pump: ['stable', 'pump.v1.3.0'] });
  });

  it('does not prune what the published catalog lists', async () => {
    await world.configure({ deletion: { policy: 'prune', superseded: true } });
    await want({ name: 'pump' });
    expect(await world.pass()).toMatchObject({ code: 0 });
    await world.putCatalog(CATALOG, chains('pump', { stable: ['1.1.0', '1.2.0', '1.3.0'] }));
    await world.removeImage('pump', '1.3.0');

    expect(await world.pass('--resync')).toMatchObject({ code: 3, report: { deleted: 0 } });
    expect(await world.pass()).toMatchObject({ code: 3, report: { deleted: 0 } });
    for (const name of ['pump', 'pump-bundle'])
      expect(await world.there(await operatorPlace(name, '1.2.0'))).toBeDefined();

    await world.putImage('pump', '1.3.0');
    await world.pass('--resync');
    await world.pass();
    expect(await world.there(await operatorPlace('pump', '1.2.0'))).toBeUndefined();
    expect(await world.there(await operatorPlace('pump', '1.3.0'))).toBeDefined();
  });

  it('publishes nothing that OLM would refuse: a bundle in the middle of a chain', async () => {
    await want(WHOLE_CHANNEL, { name: 'tap' });
    await world.removeImage('pump', '1.1.0');

    const { code, report } = await world.pass();

    expect(code).toBe(3);
    expect(JSON.stringify(report.failures)).toMatch(/pump\.v1\.1\.0.*heads/);
    expect(await world.there(CATALOG)).toBeUndefined();
    expect(await world.there(await operatorPlace('tap', '1.0.0'))).toBeDefined();
  });

  it('keeps the published bundle, whoever asks for its delete, while it cannot be replaced', async () => {
    await want({ name: 'pump' });
    expect(await world.pass()).toMatchObject({ code: 0 });
    const published = await world.there(CATALOG);
    await world.putCatalog(CATALOG, chains('pump', { stable: ['1.2.0', '1.3.0'] }));
    await world.removeImage('pump-bundle', '1.3.0');
    await world.commit({
      'delete.yaml': operatorDelete(world.ref(CATALOG), [
        { name: 'pump', minVersion: '1.2.0', maxVersion: '1.2.0' },
      ]),
    });

    const { code, report } = await world.pass('--resync');

    expect({ code, deleted: report.deleted }).toEqual({ code: 3, deleted: 0 });
    expect(await world.there(CATALOG)).toBe(published);
    expect(await world.there(await operatorPlace('pump-bundle', '1.2.0'))).toBeDefined();

    await world.putImage('pump-bundle', '1.3.0');
    expect(await world.pass()).toMatchObject({ code: 0 });
    await world.pass();
    expect(await world.content(CATALOG)).toEqual({ pump: ['stable', 'pump.v1.3.0'] });
    expect(await world.there(await operatorPlace('pump-bundle', '1.2.0'))).toBeUndefined();
  });

  it('comes with the next pass, without a resync, when the moved catalog can be published', async () => {
    await want({ name: 'pump' });
    expect(await world.pass()).toMatchObject({ code: 0 });
    await world.putCatalog(CATALOG, chains('pump', { stable: ['1.2.0', '1.3.0'] }));
    await world.removeImage('pump', '1.3.0');
    expect(await world.pass('--resync')).toMatchObject({ code: 3 });
    await world.putImage('pump', '1.3.0');

    expect(await world.pass()).toMatchObject({ code: 0, report: { state: 'Applied' } });

    expect(await world.content(CATALOG)).toEqual({ pump: ['stable', 'pump.v1.3.0'] });
  });
});
