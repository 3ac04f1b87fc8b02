import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chains } from '../support/catalogs/chains.ts';
import { startController } from '../support/controller-process.ts';
import {
  type OperatorSite,
  makeOperatorSite,
  operatorPlace,
  operatorSet,
} from '../support/operator-site.ts';
import { uploadsByDigest } from '../support/registry-content.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const PUMP = chains('pump', { stable: ['1.0.0', '1.1.0'], candidate: ['1.1.0', '2.0.0'] });
const TAP = chains('tap', { one: ['1.0.0'] });

describe.skipIf(needed.length > 0)(`operator catalogs beside others${skipped}`, () => {
  let world: OperatorSite;

  beforeEach(async () => {
    world = await makeOperatorSite();
  }, 60_000);
  afterEach(() => world[Symbol.asyncDispose]());

  it('takes over what the mirror command left there, without sending a byte', async () => {
    await world.putCatalog('team/catalog:v1', { ...PUMP, ...TAP });
    const text = operatorSet([
      { catalog: world.ref('team/catalog:v1'), packages: [{ name: 'pump' }] },
    ]);
    const { folder, environment } = world.site;
    await writeFile(join(folder, 'isc.yaml'), text);
    await using mirror = startController(
      [
        ...['mirror', '-c', join(folder, 'isc.yaml'), '--workspace', `file://${folder}/ws`],
        `docker://${world.destination.host}/site`,
      ],
      environment,
    );
    const ended = await mirror.ended;
    expect(ended.code, ended.stderr).toBe(0);
    await world.commit({ 'operators.yaml': text });

    const { code, report, asked, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    expect(report).toMatchObject({ state: 'Applied', bytesSent: 0 });
    expect(uploadsByDigest(asked.destination).size).toBe(0);
  });

  it('builds a full catalog without the bundle that is incomplete, and copies it as it is later', async () => {
    const digest = await world.putCatalog('team/catalog:v1', { ...PUMP, ...TAP });
    await world.removeImage('pump', '2.0.0');
    await world.commit({
      'operators.yaml': operatorSet([{ catalog: world.ref('team/catalog:v1'), full: true }]),
    });

    expect(await world.pass()).toMatchObject({ code: 3 });

    expect(await world.content('team/catalog:v1')).toEqual({
      pump: ['candidate', 'stable', 'pump.v1.0.0', 'pump.v1.1.0'],
      tap: ['one', 'tap.v1.0.0'],
    });
    await world.putImage('pump', '2.0.0');
    expect(await world.pass()).toMatchObject({ code: 0 });
    expect(await world.there('team/catalog:v1')).toBe(digest);
    expect((await world.site.lock()).catalogs[0]).not.toHaveProperty('inputs');
  });

  it('refuses two catalogs for one place, and keeps the one that is there', async () => {
    const digest = await world.putCatalog('team/catalog:v1', { ...PUMP, ...TAP });
    const byTag = { catalog: world.ref('team/catalog:v1'), packages: [{ name: 'pump' }] };
    const byBoth = { catalog: `${byTag.catalog}@${digest}`, packages: [{ name: 'tap' }] };
    await world.commit({ 'a.yaml': operatorSet([byTag]) });
    expect(await world.pass()).toMatchObject({ code: 0 });
    const published = await world.there('team/catalog:v1');
    const before = await world.site.lock();

    await world.commit({ 'b.yaml': operatorSet([byBoth]) });
    const { code, report } = await world.pass();

    expect({ code, state: report.state }).toEqual({ code: 3, state: 'Degraded' });
    expect(await world.there('team/catalog:v1')).toBe(published);
    const after = await world.site.lock();
    expect(after.catalogs).toEqual(before.catalogs);
    expect(after.bundles).toEqual(before.bundles);
    expect(await world.pass()).toMatchObject({ code: 3, commits: 0 });

    await world.commit({ 'b.yaml': undefined });
    expect(await world.pass()).toMatchObject({ code: 0 });
    expect((await world.site.lock()).catalogs).toEqual(before.catalogs);
  });

  it('has one catalog of two entries that come to the same', async () => {
    const digest = await world.putCatalog('team/catalog:v1', { ...PUMP, ...TAP });
    const byTag = { catalog: world.ref('team/catalog:v1'), packages: [{ name: 'pump' }] };
    const byBoth = { ...byTag, catalog: `${byTag.catalog}@${digest}` };
    await world.commit({ 'a.yaml': operatorSet([byTag]), 'b.yaml': operatorSet([byBoth]) });

    const { code, report } = await world.pass();

    expect({ code, state: report.state }).toEqual({ code: 0, state: 'Applied' });
    expect((await world.site.lock()).catalogs).toMatchObject([{ source: byTag.catalog }]);
    expect(await world.pass()).toMatchObject({ code: 0, commits: 0 });
  });

  it('mirrors additional images though a catalog fails, and a catalog though an image fails', async () => {
    await world.putCatalog('team/catalog:v1', TAP);
    await world.putImage('extra', '1');
    const { destination } = { destination: await operatorPlace('extra', '1') };
    const digest = destination.split(':sha256-')[1] ?? '';
    const extra = `${world.ref('example/extra')}@sha256:${digest}`;
    await world.commit({
      'a.yaml': operatorSet([{ catalog: world.ref('team/none:v1') }], [extra]),
      'b.yaml': operatorSet([{ catalog: world.ref('team/catalog:v1') }], [world.ref('no/image:1')]),
    });

    const { code, report } = await world.pass();

    expect({ code, failures: report.failures.length }).toEqual({ code: 3, failures: 2 });
    expect(await world.there(destination)).toBe(`sha256:${digest}`);
    expect(await world.content('team/catalog:v1')).toEqual({ tap: ['one', 'tap.v1.0.0'] });
  });

  it('has one image of two catalogs once, wanted until neither wants it', async () => {
    await world.putCatalog('team/catalog:v1', { ...PUMP, ...TAP });
    await world.putCatalog('team/catalog:v2', { ...PUMP, ...TAP });
    const entry = (tag: string): object => ({
      ...{ catalog: world.ref(`team/catalog:${tag}`), packages: [{ name: 'tap' }] },
    });
    await world.commit({
      'a.yaml': operatorSet([entry('v1')]),
      'b.yaml': operatorSet([entry('v2')]),
    });
    expect(await world.pass()).toMatchObject({ code: 0 });
    const place = await operatorPlace('tap', '1.0.0');
    const lineOf = async (): Promise<unknown> =>
      (await world.site.lock()).images.find(({ destination }) => destination === place);
    expect(await lineOf()).toMatchObject({ wantedBy: ['a.yaml', 'b.yaml'] });

    await world.commit({ 'a.yaml': undefined });
    expect(await world.pass()).toMatchObject({ code: 0 });

    expect(await lineOf()).toMatchObject({ wantedBy: ['b.yaml'] });
    const { images } = await world.site.lock();
    expect(images.filter(({ wantedBy }) => wantedBy.length === 0)).toMatchObject([
      { destination: 'team/catalog:v1', kind: 'catalog' },
    ]);
    expect(await world.resource('cs-catalog-v1.yaml')).toBeDefined();
  });

  it('gives a second mirror of the registry the catalog that the first has', async () => {
    await world.putCatalog('team/catalog:v1', chains('pump', { stable: ['1.0.0'] }));
    const settings = (names: readonly string[]): Promise<string> =>
      world.site.writeSettings(
        names.map((name) => ({
          ...{ name, paths: [name], output: name },
          destination: `docker://${world.destination.host}/${name}`,
        })),
      );
    const text = operatorSet([{ catalog: world.ref('team/catalog:v1') }]);
    await settings(['one']);
    await world.commit({ 'one/operators.yaml': text });
    expect(await world.pass()).toMatchObject({ code: 0 });
    await world.putCatalog('team/catalog:v1', chains('pump', { stable: ['1.0.0', '1.1.0'] }));
    await settings(['one', 'two']);
    await world.commit({ 'two/operators.yaml': text });

    const { code, asked, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    const [one, two] = [await world.site.lock('one'), await world.site.lock('two')];
    expect(two.catalogs).toEqual(one.catalogs);
    expect(asked.source.filter(({ path }) => path.endsWith('/manifests/v1'))).toEqual([]);
    expect(uploadsByDigest(asked.destination).size).toBe(0);
  });
});
