import { chains } from '../support/catalogs/chains.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import {
  type OperatorSite,
  makeOperatorSite,
  operatorPlace,
  operatorSet,
} from '../support/operator-site.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const FILES = {
  ...chains('pump', { stable: ['1.0.0', '1.1.0'], candidate: ['1.1.0', '2.0.0'] }),
  ...chains('tap', { one: ['1.0.0'] }),
};
const on = (architecture: string): object => ({ os: 'linux', architecture });
const PLATFORMS = ['amd64', 'arm64', 's390x'].map((architecture) => ({
  os: 'linux',
  architecture,
}));
const TEMPLATE = {
  apiVersion: 'operators.coreos.com/v1alpha1',
  kind: 'CatalogSource',
  metadata: { name: 'ignored', namespace: 'openshift-marketplace' },
  spec: {
    sourceType: 'grpc',
    priority: -300,
    updateStrategy: { registryPoll: { interval: '30m' } },
  },
};

describe.skipIf(needed.length > 0)(`the shapes of an operator entry${skipped}`, () => {
  let world: OperatorSite;
  let catalog: string;

  beforeEach(async () => {
    world = await makeOperatorSite();
    catalog = world.ref('team/catalog:v1');
  }, 60_000);
  afterEach(() => world[Symbol.asyncDispose]());

  const host = (): string => `${world.destination.host}/site`;

  /** A pass that has to go well, and one that finds nothing to do. */
  async function apply(...operators: object[]): Promise<void> {
    await world.commit({ 'operators.yaml': operatorSet(operators) });
    const { code, report, stderr } = await world.pass();
    expect(code, `${stderr}${JSON.stringify(report.failures)}`).toBe(0);
    await world.commit({ 'README.md': 'Not of interest.\n' });
    const again = await world.pass();
    expect(again.asked).toEqual({ source: [], destination: [] });
    expect(again).toMatchObject({ code: 0, commits: 0 });
  }

  it('copies a full catalog as it is', async () => {
    const digest = await world.putCatalog('team/catalog:v1', FILES, { platforms: PLATFORMS });

    await apply({ catalog, full: true });

    expect(await world.there('team/catalog:v1')).toBe(digest);
    const lock = await world.site.lock();
    expect(lock.catalogs).toEqual([
      {
        ...{ destination: 'team/catalog:v1', name: 'catalog-v1', source: catalog },
        sourceDigest: digest,
      },
    ]);
    expect(lock.bundles.map(({ bundle }) => bundle)).toEqual([
      ...['pump.v1.0.0', 'pump.v1.1.0', 'pump.v2.0.0', 'tap.v1.0.0'],
    ]);
  });

  it('leaves all instances of other platforms out', async () => {
    await world.putCatalog('team/catalog:v1', FILES, { platforms: PLATFORMS });

    await apply({
      catalog,
      platforms: [on('amd64'), on('s390x')],
      packages: [{ name: 'tap' }],
    });

    expect(await world.platformsAt('team/catalog:v1')).toEqual(['linux/amd64', 'linux/s390x']);
    expect(await world.content('team/catalog:v1')).toEqual({ tap: ['one', 'tap.v1.0.0'] });
  });

  it('leaves instances of a full catalog out', async () => {
    await world.putCatalog('team/catalog:v1', FILES, { platforms: PLATFORMS });

    await apply({ catalog, full: true, platforms: [on('arm64')] });

    expect(await world.platformsAt('team/catalog:v1')).toEqual(['linux/arm64']);
  });

  it('puts a catalog where targetCatalog and targetTag say, two targets side by side', async () => {
    await world.putCatalog('team/catalog:v1', FILES);

    await apply(
      { catalog, targetCatalog: 'mine/pumps', targetTag: 'x', packages: [{ name: 'pump' }] },
      { catalog, targetTag: 'taps', packages: [{ name: 'tap' }] },
    );

    expect(Object.keys(await world.content('mine/pumps:x'))).toEqual(['pump']);
    expect(Object.keys(await world.content('team/catalog:taps'))).toEqual(['tap']);
    expect((await world.site.lock()).catalogs.map(({ name }) => name)).toEqual([
      'pumps-x',
      'catalog-taps',
    ]);
    expect(await world.resource('cs-pumps-x.yaml')).toMatchObject({ kind: 'CatalogSource' });
    expect(await world.resource('cc-catalog-taps.yaml')).toMatchObject({ kind: 'ClusterCatalog' });
  });

  it('gives a filtered catalog by digest a tag that a changed filter does not change', async () => {
    const digest = await world.putCatalog('team/catalog:v1', FILES);
    const pinned = `${world.ref('team/catalog')}@${digest}`;
    const place = `team/catalog:${digest.replace(':', '-')}`;

    await apply({ catalog: pinned, packages: [{ name: 'tap' }] });
    const first = await world.there(place);
    await apply({ catalog: pinned, packages: [{ name: 'tap' }, { name: 'pump' }] });

    expect(await world.there(place)).not.toBe(first);
    expect(Object.keys(await world.content(place))).toEqual(['pump', 'tap']);
    const lock = await world.site.lock();
    expect(lock.catalogs).toMatchObject([{ destination: place, source: pinned }]);
    expect(lock.images.filter(({ wantedBy }) => wantedBy.length === 0)).toEqual([]);
  });

  it('makes the CatalogSource of a template, by tag where it polls', async () => {
    await world.putCatalog('team/catalog:v1', FILES);
    await world.commit({ 'templates/cs.yaml': stringify(TEMPLATE) });

    await apply({
      ...{ catalog, packages: [{ name: 'tap' }] },
      targetCatalogSourceTemplate: 'templates/cs.yaml',
    });

    expect(await world.resource('cs-catalog-v1.yaml')).toMatchObject({
      metadata: { name: 'cs-catalog-v1', namespace: 'openshift-marketplace' },
      spec: { ...TEMPLATE.spec, image: `${host()}/team/catalog:v1` },
    });
    const lock = await world.site.lock();
    expect(lock.configurations.map(({ path }) => path)).toEqual([
      'operators.yaml',
      'templates/cs.yaml',
    ]);
    expect(lock.catalogs).toMatchObject([{ template: 'templates/cs.yaml' }]);

    const { spec } = TEMPLATE;
    const changed = { ...TEMPLATE, spec: { ...spec, updateStrategy: undefined, priority: 7 } };
    await world.commit({ 'templates/cs.yaml': stringify(changed) });
    const { code, report, asked } = await world.pass();
    expect({ code, state: report.state }).toEqual({ code: 0, state: 'Applied' });
    expect(asked).toEqual({ source: [], destination: [] });
    const digest = (await world.there('team/catalog:v1')) ?? '';
    expect(await world.resource('cs-catalog-v1.yaml')).toMatchObject({
      spec: { priority: 7, image: `${host()}/team/catalog@${digest}` },
    });
  });

  it('stops for a template that is not there, with the position', async () => {
    await world.putCatalog('team/catalog:v1', FILES);
    await world.commit({
      'operators.yaml': operatorSet([{ catalog, targetCatalogSourceTemplate: 'none.yaml' }]),
    });

    const { code, report, asked } = await world.pass();

    expect({ code, state: report.state }).toEqual({ code: 4, state: 'Stalled' });
    expect(report.problems).toMatchObject([
      { position: { path: 'operators.yaml', line: 6 }, message: /none\.yaml/ },
    ]);
    expect(asked).toEqual({ source: [], destination: [] });
  });

  it('unites the package lists of two files that name one catalog', async () => {
    await world.putCatalog('team/catalog:v1', FILES);
    await world.commit({
      'b.yaml': operatorSet([{ catalog, packages: [{ name: 'pump' }] }]),
    });

    await apply({ catalog, packages: [{ name: 'tap' }] });

    expect(Object.keys(await world.content('team/catalog:v1'))).toEqual(['pump', 'tap']);
    const { images } = await world.site.lock();
    const wantedBy = new Map(images.map((line) => [line.destination, line.wantedBy]));
    expect(wantedBy.get('team/catalog:v1')).toEqual(['b.yaml', 'operators.yaml']);
    expect(wantedBy.get(await operatorPlace('pump', '2.0.0'))).toEqual(['b.yaml']);

    await world.commit({ 'b.yaml': undefined });
    expect(await world.pass()).toMatchObject({ code: 0 });
    expect(Object.keys(await world.content('team/catalog:v1'))).toEqual(['tap']);
  });

  it('shortens paths where maxNestedPaths asks for it', async () => {
    await world.putCatalog('team/with/a/deep/catalog:v1', FILES);
    await world.configure({ maxNestedPaths: 2 });

    await apply({ catalog: world.ref('team/with/a/deep/catalog:v1'), packages: [{ name: 'tap' }] });

    const { images, catalogs } = await world.site.lock();
    expect(images.map(({ destination }) => destination.split(':')[0]?.split('/').length)).toEqual(
      images.map(() => 1),
    );
    const [line] = catalogs;
    expect(Object.keys(await world.content(line?.destination ?? ''))).toEqual(['tap']);
  });

  it('builds a lost catalog again, to the same digest', async () => {
    await world.putCatalog('team/catalog:v1', FILES);
    await apply({ catalog, packages: [{ name: 'tap' }] });
    const digest = await world.there('team/catalog:v1');
    await world.lose('team/catalog:v1');

    const verified = await world.site.run('verify', '--repair', ...world.flags);

    expect(verified.code, verified.stderr).toBe(0);
    expect(await world.there('team/catalog:v1')).toBe(digest);
  });
});
