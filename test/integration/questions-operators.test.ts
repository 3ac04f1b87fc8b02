import { rm } from 'node:fs/promises';
import { join } from 'node:path';
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
import { plainRequest } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const CATALOG = 'team/catalog:v1';
const FILES = {
  ...chains('pump', { stable: ['1.0.0', '1.1.0'], fast: ['1.0.0', '1.1.0'] }),
  ...chains('tap', { one: ['1.0.0'] }),
};

describe.skipIf(needed.length > 0)(`questions about operators${skipped}`, () => {
  let world: OperatorSite;
  let built: string;

  beforeAll(async () => {
    world = await makeOperatorSite();
    await world.putCatalog(CATALOG, FILES);
    await want([{ name: 'pump', minVersion: '1.0.0' }, { name: 'tap' }]);
    const { code, stderr } = await world.pass();
    expect(code, stderr).toBe(0);
    built = (await world.there(CATALOG)) ?? '';
  }, 60_000);
  afterAll(() => world[Symbol.asyncDispose]());

  async function want(packages: readonly object[]): Promise<void> {
    const catalog = { catalog: world.ref(CATALOG), packages };
    await world.commit({ 'operators.yaml': operatorSet([catalog]) });
  }

  async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return world.site.run(...args, ...world.flags);
  }

  async function lose(place: string, from = world): Promise<void> {
    const [repository = ''] = place.split(':');
    const digest = (await from.there(place)) ?? '';
    const path = `/v2/${NAMESPACE}/${repository}/manifests/${digest}`;
    const { status } = await plainRequest(from.destination.endpoint, 'DELETE', path);
    expect(status).toBe(202);
  }

  describe('why', () => {
    it('names the bundle, package, channels, catalog and entry that an image is there for', async () => {
      const { stdout } = await run('why', await operatorPlace('pump', '1.1.0'));

      expect(stdout).toContain(
        '  bundle  pump.v1.1.0 (package pump, channels fast, stable, catalog team/catalog:v1)\n',
      );
      expect(stdout).toContain(
        '  wanted  by operators.yaml:7:11 (mirror.operators[0].packages[0])\n',
      );
      expect(stdout.match(/ {2}wanted/g)).toHaveLength(1);
    });

    it('names all bundles of an image that several need', async () => {
      const { stdout } = await run('why', await operatorPlace('pump-operand', '1'));
      expect(stdout.match(/ {2}bundle {2}\S+/g)).toEqual([
        '  bundle  pump.v1.0.0',
        '  bundle  pump.v1.1.0',
      ]);
    });

    it('names the entry of a catalog, and what it was built of', async () => {
      const { stdout } = await run('why', CATALOG);

      expect(stdout).toMatch(
        / {2}catalog built of \S+\/team\/catalog:v1 when that was sha256:\w{64}\n/,
      );
      expect(stdout).toContain('  wanted  by operators.yaml:5:7 (mirror.operators[0])\n');
    });

    it('knows bundles by name, and says all of it in JSON', async () => {
      const { stdout } = await run('why', 'pump.v1.0.0', '--output', 'json');

      const found = JSON.parse(stdout) as { place: string; bundles: object[]; entries: object[] }[];
      expect(found.map(({ place }) => /example\/([^:]+)/.exec(place)?.[1])).toEqual([
        'pump-bundle',
        'pump-operand',
        'pump',
      ]);
      expect(found[0]).toMatchObject({
        bundles: [
          {
            catalog: CATALOG,
            package: 'pump',
            bundle: 'pump.v1.0.0',
            version: '1.0.0',
            channels: ['fast', 'stable'],
          },
        ],
        entries: [{ field: 'mirror.operators[0].packages[0]' }],
      });
    });
  });

  describe('verify', () => {
    it('is content, and asks the source nothing', async () => {
      const before = (await world.source.requests()).length;

      const ran = await run('verify');

      expect(ran).toMatchObject({ code: 0, stdout: 'prod: 9 images are as locked\n' });
      expect((await world.source.requests()).length).toBe(before);
    });

    it('repairs a catalog that is gone from what is kept of its build', async () => {
      await lose(CATALOG);
      const before = (await world.source.requests()).length;

      const differs = await run('verify');
      const repaired = await run('verify', '--repair');

      expect([differs.code, repaired.code], repaired.stdout + repaired.stderr).toEqual([2, 0]);
      expect(await world.there(CATALOG)).toBe(built);
      const asked = (await world.source.requests()).slice(before);
      expect(asked.filter(({ path }) => path.includes(built))).toEqual([]);
    });

    it('builds a catalog again that was overwritten, where nothing is kept of its build', async () => {
      const foreign = await makeImage({ seed: 'foreign' });
      await pushImage(world.destination.endpoint, `${NAMESPACE}/team/catalog`, foreign, 'v1');
      await rm(join(world.site.stateFolder, 'catalogs'), { recursive: true });

      const repaired = await run('verify', '--repair');

      expect(repaired.code, repaired.stdout + repaired.stderr).toBe(0);
      expect(repaired.stdout).toMatch(/^prod: 1 of 9 images are not as locked, 1 repaired\n/);
      expect(await world.there(CATALOG)).toBe(built);
      expect((await world.content(CATALOG)).pump).toContain('pump.v1.0.0');
    });

    it('mirrors images of bundles again by digest', async () => {
      const place = await operatorPlace('pump', '1.0.0');
      await lose(place);

      const repaired = await run('verify', '--repair');

      expect(repaired.code, repaired.stdout + repaired.stderr).toBe(0);
      expect(await world.there(place)).toBeDefined();
    });

    it('says why a catalog cannot be built again that no file wants any more', async () => {
      await world.commit({ 'operators.yaml': operatorSet([], [world.ref('app:1')]) });
      await pushImage(world.source.endpoint, 'app', await makeImage({ seed: 'app' }), '1');
      await world.pass();
      await lose(CATALOG);
      const kept = join(world.site.stateFolder, 'catalogs');
      await rm(kept, { recursive: true });

      const ran = await run('verify', '--repair');

      expect(ran.code).toBe(2);
      expect(ran.stdout).toMatch(
        /gone .*; not repaired: catalog team\/catalog:v1 cannot be built again/,
      );
    });
  });

  it('verify builds those again that have instances left out, or bundles', async () => {
    await using other = await makeOperatorSite();
    const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
    await other.putCatalog(CATALOG, FILES);
    await other.removeImage('pump', '1.1.0');
    await other.putCatalog('team/multi:v1', chains('cup', { one: ['1.0.0'] }), { platforms });
    const some = { full: true, platforms: platforms.slice(0, 1) };
    await other.commit({
      'operators.yaml': operatorSet([
        { catalog: other.ref(CATALOG), packages: [{ name: 'pump', minVersion: '1.0.0' }] },
        { catalog: other.ref('team/multi:v1'), ...some },
      ]),
    });
    expect((await other.pass()).report.state).toBe('Degraded');
    const places = [CATALOG, 'team/multi:v1'];
    const before = await Promise.all(places.map((place) => other.there(place)));
    expect((await other.site.lock()).catalogs[0]).toMatchObject({ without: ['pump.v1.1.0'] });
    for (const place of places) await lose(place, other);
    await rm(join(other.site.stateFolder, 'catalogs'), { recursive: true });

    const ran = await other.site.run('verify', '--repair', ...other.flags);

    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(await Promise.all(places.map((place) => other.there(place)))).toEqual(before);
  }, 60_000);

  it('log tells what became of a catalog', async () => {
    await want([{ name: 'pump' }]);
    const { code, stderr } = await world.pass();
    expect(code, stderr).toBe(0);

    const { stdout } = await run('log', CATALOG, '--output', 'json');

    const changes = JSON.parse(stdout) as { change: string; digest: string }[];
    expect(changes.at(-1)).toMatchObject({ change: 'added', digest: built });
    expect(changes[0]).toMatchObject({
      change: 'changed',
      digest: await world.there(CATALOG),
    });
    expect(changes[0]?.digest).not.toBe(built);
  }, 60_000);
});
