import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chains } from '../support/catalogs/chains.ts';
import { makeImage } from '../support/make-image.ts';
import {
  NAMESPACE,
  type OperatorSite,
  makeOperatorSite,
  operatorPlace,
  operatorSet,
} from '../support/operator-site.ts';
import { type PlainResponse, plainRequest } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const CATALOG = 'team/catalog:v1';
const FILES = {
  ...chains('pump', { stable: ['1.0.0', '1.1.0', '1.2.0'] }),
  ...chains('tap', { one: ['1.0.0'] }),
};

const isSkipped = needed.length > 0;

async function makeWorld(): Promise<OperatorSite> {
  const world = await makeOperatorSite();
  await world.configure({ deletion: { maxShare: 1 } });
  await world.putCatalog(CATALOG, FILES);
  await pushImage(world.source.endpoint, 'app', await makeImage({ seed: 'app' }), '1');
  await want(world, [{ name: 'pump', minVersion: '1.0.0' }, { name: 'tap' }]);
  const { code, stderr } = await world.pass();
  expect(code, stderr).toBe(0);
  return world;
}

/** An image set with packages of the catalog; undefined: not even the catalog. */
async function want(
  world: OperatorSite,
  packages: readonly object[] | undefined,
  files: Readonly<Record<string, string | undefined>> = {},
): Promise<void> {
  const operators =
    packages === undefined ? [] : [{ catalog: world.ref(CATALOG), packages: [...packages] }];
  const set = operatorSet(operators, [world.ref('app:1')]);
  await world.commit({ 'operators.yaml': set, ...files });
}

async function isThere(world: OperatorSite, name: string, version: string): Promise<boolean> {
  return (await world.there(await operatorPlace(name, version))) !== undefined;
}

describe.skipIf(isSkipped)(`deletes of versions and packages${skipped}`, () => {
  let world: OperatorSite;
  beforeAll(async () => {
    world = await makeWorld();
  }, 60_000);
  afterAll(() => world[Symbol.asyncDispose]());

  it('carries a file out that names what nobody has, and warns of it once', async () => {
    const names = [{ name: 'pump', minVersion: '3.0.0' }, { name: 'taps' }];
    await world.commit({ 'delete.yaml': deleteSet(world, names) });

    const { code, report } = await world.pass();

    expect(code).toBe(0);
    expect(report).toMatchObject({ deleted: 0, held: [] });
    expect(report.warnings).toEqual([
      expect.stringMatching(/^delete\.yaml:7:\d+: .*in the range minVersion: 3\.0\.0/) as string,
      expect.stringMatching(/^delete\.yaml:9:\d+: .*package "taps".*Did you mean "tap"/) as string,
    ]);
    expect((await world.site.lock()).deletions).toMatchObject([{ path: 'delete.yaml', images: 0 }]);
    expect((await world.pass()).report).toMatchObject({ state: 'Unchanged', warnings: [] });
  }, 60_000);

  it('holds a version that an image set wants, and says who', async () => {
    const names = [{ name: 'pump', maxVersion: '1.0.0' }];
    await world.commit({ 'delete.yaml': deleteSet(world, names) });

    const { code, report } = await world.pass();

    expect(code).toBe(0);
    expect(report.deleted).toBe(0);
    expect(report.held.map(({ destination }) => destination)).toEqual([
      await operatorPlace('pump-bundle', '1.0.0'),
      await operatorPlace('pump', '1.0.0'),
    ]);
    expect(report.held[0]?.why).toMatch(/^still wanted by operators\.yaml:\d+:\d+$/);
    expect(await isThere(world, 'pump', '1.0.0')).toBe(true);
  }, 60_000);

  it('deletes the version when nobody wants it, and not what the others share with it', async () => {
    await want(world, [{ name: 'pump', minVersion: '1.1.0' }, { name: 'tap' }]);

    const { code, report, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    expect(report).toMatchObject({ state: 'Applied', deleted: 2, held: [], warnings: [] });
    expect(await isThere(world, 'pump-bundle', '1.0.0')).toBe(false);
    expect(await isThere(world, 'pump', '1.0.0')).toBe(false);
    expect(await isThere(world, 'pump', '1.1.0')).toBe(true);
    expect(await isThere(world, 'pump-operand', '1')).toBe(true);
    expect(await world.content(CATALOG)).toMatchObject({
      pump: ['stable', 'pump.v1.1.0', 'pump.v1.2.0'],
    });
    const { deletions } = await world.site.lock();
    expect(deletions).toMatchObject([{ path: 'delete.yaml', images: 2 }]);
    expect(deletions[0]).not.toHaveProperty('held');
    expect(await world.pass()).toMatchObject({ commits: 0, report: { state: 'Unchanged' } });
  }, 60_000);

  it('shows the deletes of a package in a plan of a fresh clone', async () => {
    await want(world, [{ name: 'tap' }], {
      'delete.yaml': deleteSet(world, [{ name: 'pump', bundles: [{ name: 'pump.v1.1.0' }] }]),
      'more.yaml': deleteSet(world, [{ name: 'pump', channels: [{ name: 'stable' }] }]),
    });
    await world.site.removeState();

    const plan = await world.site.run('plan', ...world.flags, '--output', 'json');

    expect(plan.code, plan.stderr).toBe(0);
    expect(JSON.parse(plan.stdout)).toMatchObject({ plans: [{ deletes: { length: 5 } }] });
  }, 60_000);

  it('deletes the package, and what its bundles share though two files name them', async () => {
    const { report } = await world.pass();

    expect(report).toMatchObject({ state: 'Applied', deleted: 5, held: [] });
    expect(await isThere(world, 'pump-operand', '1')).toBe(false);
    const lock = await world.site.lock();
    expect(lock.bundles.map(({ bundle }) => bundle)).toEqual(['tap.v1.0.0']);
    expect(await world.content(CATALOG)).toEqual({ tap: ['one', 'tap.v1.0.0'] });
  }, 60_000);
});

describe.skipIf(isSkipped)(`deletes of a catalog${skipped}`, () => {
  let world: OperatorSite;
  let resources: readonly string[];
  const listed = async (): Promise<string[]> => {
    const text = (await world.site.published('kustomization.yaml')) ?? '';
    return [...text.matchAll(/resources\/(c[cs]-.*)/g)].map(([, name = '']) => name);
  };
  beforeAll(async () => {
    world = await makeWorld();
    resources = await listed();
  }, 60_000);
  afterAll(() => world[Symbol.asyncDispose]());

  it('lets bundles wait that the catalog lists which stays published though nobody wants it', async () => {
    await want(world, undefined, { 'delete.yaml': deleteSet(world, [{ name: 'tap' }]) });

    const { report } = await world.pass();

    expect(report.deleted).toBe(0);
    expect(report.held).toHaveLength(3);
    expect(report.held[0]?.why).toMatch(/catalog team\/catalog:v1, which stays published, lists/);
    expect(await listed()).toEqual(resources);
  }, 60_000);

  it('takes the resources out of the branch before anything is deleted', async () => {
    await world.configure({ deletion: { maxShare: 1, grace: '1h' } });
    await world.commit({ 'delete.yaml': deleteSet(world) });

    const { report } = await world.pass();

    expect(report).toMatchObject({ deleted: 0, held: [] });
    expect(resources).toHaveLength(2);
    expect(await listed()).toEqual([]);
    expect(await world.there(CATALOG)).toBeDefined();
    expect((await world.site.lock()).deleting).toHaveLength(11);
  }, 60_000);

  it('remembers what leaves when the file that names it changes', async () => {
    await world.commit({ 'delete.yaml': `# again\n${deleteSet(world)}` });

    const { report } = await world.pass();

    expect(report).toMatchObject({ deleted: 0, held: [], warnings: [] });
    expect((await world.site.lock()).deleting).toHaveLength(11);
  }, 60_000);

  it('brings the catalog back with its resources where the delete is called off', async () => {
    await world.commit({ 'delete.yaml': undefined });

    const { code, report, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    expect(report.deleted).toBe(0);
    expect(await listed()).toEqual(resources);
    const lock = await world.site.lock();
    expect([lock.deleting, lock.images.length]).toEqual([[], 12]);
  }, 60_000);

  it('deletes the catalog with all that it lists', async () => {
    await world.configure({ deletion: { maxShare: 1 } });
    await world.commit({ 'delete.yaml': deleteSet(world) });

    const { code, commits, report, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    expect([commits, report.deleted, report.held]).toEqual([2, 11, []]);
    expect(await world.there(CATALOG)).toBeUndefined();
    expect(await listed()).toEqual([]);
    const lock = await world.site.lock();
    expect([lock.catalogs, lock.bundles, lock.deleting]).toEqual([[], [], []]);
    expect(lock.images).toMatchObject([{ destination: 'app:1' }]);
  }, 60_000);

  it('deletes a catalog that is there without being in the lock', async () => {
    const { endpoint } = world.destination;
    const image = await makeImage({ seed: 'somebody’s catalog' });
    await pushImage(endpoint, `${NAMESPACE}/team/catalog`, image, 'v1');
    await world.commit({ 'delete.yaml': `# again\n${deleteSet(world)}` });

    const { report } = await world.pass();

    expect(report.deleted).toBe(1);
    expect(report.warnings).toEqual([
      expect.stringMatching(/^delete\.yaml:6:\d+: .*the lock has nothing of catalog/) as string,
    ]);
    expect(await world.there(CATALOG)).toBeUndefined();
    expect((await world.site.lock()).deleting).toEqual([]);
  }, 60_000);
});

describe.skipIf(isSkipped)(`deletes of operators that others may want${skipped}`, () => {
  let world: OperatorSite;
  beforeAll(async () => {
    world = await makeWorld();
  }, 60_000);
  afterAll(() => world[Symbol.asyncDispose]());

  it('does not go on with a delete while the catalog that may want it again cannot be read', async () => {
    await world.configure({ deletion: { maxShare: 1, grace: '1h' } });
    const catalog = await readManifest(world);
    await want(world, [{ name: 'tap' }], { 'delete.yaml': deleteSet(world, [{ name: 'pump' }]) });
    await world.pass();
    expect((await world.site.lock()).deleting).toHaveLength(7);
    await world.configure({ deletion: { maxShare: 1 } });
    await want(world, [{ name: 'pump', minVersion: '1.0.0' }, { name: 'tap' }]);
    await world.site.removeState();
    await removeManifest(world);

    const failing = await world.pass();

    expect([failing.code, failing.report.deleted]).toEqual([3, 0]);
    expect(failing.report.held).toHaveLength(7);
    expect(failing.report.held[0]?.why).toMatch(
      /^still wanted by operators\.yaml:7:11, which fails$/,
    );
    expect(await isThere(world, 'pump', '1.0.0')).toBe(true);

    await putManifest(world, catalog);
    const { code, report, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    expect(report.deleted).toBe(0);
    const lock = await world.site.lock();
    expect([lock.deleting, lock.images.length]).toEqual([[], 12]);
  }, 60_000);

  it('prunes what a smaller filter leaves out, then the catalog, where that is the policy', async () => {
    await world.configure({ deletion: { maxShare: 1, policy: 'prune' } });
    await want(world, [{ name: 'pump', minVersion: '1.2.0' }, { name: 'tap' }], {
      'delete.yaml': undefined,
    });

    const { code, report, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    expect([report.deleted, report.held]).toEqual([4, []]);
    expect((await world.content(CATALOG)).pump).toEqual(['stable', 'pump.v1.2.0']);
    expect(await isThere(world, 'pump-operand', '1')).toBe(true);

    await want(world, undefined);
    const last = await world.pass();
    expect([last.code, last.commits, last.report.deleted]).toEqual([0, 2, 7]);
    const lock = await world.site.lock();
    expect([lock.catalogs, lock.bundles, lock.images.length]).toEqual([[], [], 1]);
    expect(await world.site.published('kustomization.yaml')).not.toContain('catalog-v1');
  }, 60_000);

  it('holds what another mirror has of its catalog, until that gives it up', async () => {
    const mirror = (name: string): object => {
      const destination = `docker://${world.destination.host}/both`;
      return { name, paths: [name], output: name, destination, deletion: { maxShare: 1 } };
    };
    await world.site.writeSettings([mirror('a'), mirror('b')]);
    const set = (packages: object, target: string): string => {
      const catalog = { catalog: world.ref(CATALOG), targetTag: target, packages: [packages] };
      return operatorSet([catalog]);
    };
    const all = { name: 'pump', minVersion: '1.0.0' };
    await world.commit({ 'a/set.yaml': set(all, 'a'), 'b/set.yaml': set(all, 'b') });
    expect((await world.pass()).code).toBe(0);
    const names = [{ name: 'pump', maxVersion: '1.1.0' }];
    await world.commit({
      'a/set.yaml': set({ name: 'pump' }, 'a'),
      'a/delete.yaml': deleteSet(world, names, 'a'),
      // Its name is no reason to forget what it wants.
      'b/set.yaml': undefined,
      'b/renamed.yaml': set(all, 'b'),
    });

    const { report } = await world.pass();

    expect([report.deleted, report.held.length]).toEqual([0, 4]);
    expect(report.held[0]?.why).toBe('still wanted by mirror b');

    await world.commit({ 'b/renamed.yaml': set({ name: 'pump' }, 'b') });
    const passes = [await world.pass(), await world.pass()];
    expect(passes.map((pass) => pass.report.deleted)).toEqual([0, 4]);
    expect((await world.site.lock('b')).images).toHaveLength(4);
    expect((await world.site.run('verify', ...world.flags)).code).toBe(0);
  }, 60_000);
});

const MANIFEST = `/v2/${CATALOG.replace(':', '/manifests/')}`;

async function readManifest({ source }: OperatorSite): Promise<PlainResponse> {
  return plainRequest(source.endpoint, 'GET', MANIFEST);
}

async function removeManifest({ source }: OperatorSite): Promise<void> {
  const { headers } = await plainRequest(source.endpoint, 'HEAD', MANIFEST);
  const digest = String(headers['docker-content-digest']);
  const path = `/v2/${CATALOG.split(':')[0] ?? ''}/manifests/${digest}`;
  expect((await plainRequest(source.endpoint, 'DELETE', path)).status).toBe(202);
}

async function putManifest(world: OperatorSite, manifest: PlainResponse): Promise<void> {
  const { body } = manifest;
  const headers = { 'content-type': String(manifest.headers['content-type']) };
  const { endpoint } = world.source;
  const { status } = await plainRequest(endpoint, 'PUT', MANIFEST, { headers, body });
  expect(status).toBe(201);
}

/** Without packages: of the catalog itself. */
function deleteSet(world: OperatorSite, packages?: readonly object[], targetTag?: string): string {
  return stringify({
    apiVersion: 'mirror.openshift.io/v2alpha1',
    kind: 'DeleteImageSetConfiguration',
    delete: {
      operators: [
        {
          catalog: world.ref(CATALOG),
          ...(targetTag === undefined ? {} : { targetTag }),
          ...(packages === undefined ? {} : { packages }),
        },
      ],
    },
  });
}
