import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIXTURE_FILES } from '../support/catalogs/fixture-catalog.ts';
import { type OperatorSite, makeOperatorSite, operatorSet } from '../support/operator-site.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const CATALOG = 'team/catalog:v1';
const ODD =
  /operators\.yaml:\d+:\d+.*mirror\.operators\[0\]\.packages\[1\]\.name.*has no package "widgett"/;

describe.skipIf(needed.length > 0)(`plans and commits of operators${skipped}`, () => {
  let world: OperatorSite;

  beforeAll(async () => {
    world = await makeOperatorSite();
    await world.putCatalog(CATALOG, FIXTURE_FILES);
    await commitPackages({ name: 'gadget' }, { name: 'widgett' });
  }, 60_000);
  afterAll(() => world[Symbol.asyncDispose]());

  async function commitPackages(...packages: readonly object[]): Promise<void> {
    const catalog = world.ref(CATALOG);
    await world.commit({ 'operators.yaml': operatorSet([{ catalog, packages }]) });
  }

  async function plan(...args: readonly string[]) {
    return await world.site.run('plan', '--detailed-exitcode', ...world.flags, ...args);
  }

  it.each(['text', 'markdown'])(
    'shows bundles and warnings with their positions as %s',
    async (output) => {
      const { code, stdout, stderr } = await plan('--output', output);

      expect(code, stderr).toBe(2);
      const text = stdout.replaceAll('`', '');
      expect(text).toMatch(ODD);
      expect(text).toContain('catalogs: 1 new; bundles: 3 added\n');
      expect(text).toMatch(
        /\+ package gadget, wanted by operators\.yaml:\d+:\d+ \(mirror\.operators\[0\]/,
      );
      expect(text).toContain('+ channel stable: gadget.v2.0.0\n');
    },
  );

  it('has them in JSON', async () => {
    const { stdout } = await plan('--output', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      plans: [
        {
          catalogChanges: [{ destination: CATALOG, change: 'new', counts: { added: 3 } }],
          warnings: [
            { field: 'mirror.operators[0].packages[1].name', position: { path: 'operators.yaml' } },
          ],
        },
      ],
    });
  });

  it('tells them in the log, the report and the commit of the pass', async () => {
    const { code, stderr, report } = await world.pass();

    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(new RegExp(ODD.source.replaceAll('"', '\\\\"')));
    expect(report).toMatchObject({
      catalogs: [{ destination: CATALOG, name: 'catalog-v1', change: 'new', added: 3, gone: 0 }],
      warnings: [expect.stringMatching(ODD)],
    });
    expect(await message()).toContain(
      '\n\nOperator catalogs:\n- catalog-v1: new, 3 bundles added\n\n',
    );
  });

  async function message(): Promise<string> {
    return await world.site.git.git(['log', '-1', '--format=%B', 'manifests']);
  }

  it('finds no change in what was mirrored', async () => {
    const { code, stdout } = await plan();

    expect(code).toBe(0);
    expect(stdout).toContain('\ncatalogs: 1 unchanged\n');
    expect(stdout).toContain('\nNothing to do.\n');
  });

  it('says which bundle a filter lets go and another lets in, and why one is left out', async () => {
    await commitPackages({ name: 'gadget', channels: [{ name: 'stable' }] }, { name: 'widget' });
    await world.removeImage('widget', '4.9.0-3');

    const { stdout } = await plan();
    const { code, report } = await world.pass();

    expect(stdout).toContain('bundles: 1 added, 2 gone, 2 in all');
    expect(stdout).toContain('    ~ package gadget, ');
    expect(stdout).toContain('      - channel fast: gadget.v2.1.0\n');
    expect(stdout).toContain('      + channel stable-4: widget.v4.9.0-3\n');
    expect([code, report.state]).toEqual([3, 'Degraded']);
    expect(report.failures.map(({ wanted }) => wanted)).toContain('bundle widget.v4.9.0-3');
    expect(await message()).toMatch(
      /- catalog-v1: 2 bundles gone, 1 left out\n\nNot done:\n(?:- .*\n)*- bundle widget\.v4\.9\.0-3 \(operators\.yaml:\d+:\d+\): left out of .*manifest unknown/,
    );
  });

  it('says that resources get another name where a catalog gets another place', async () => {
    const operators = [
      { catalog: world.ref(CATALOG), targetTag: 'v9', packages: [{ name: 'gadget' }] },
    ];
    await world.commit({ 'operators.yaml': operatorSet(operators) });

    const { code, stdout } = await plan('--output', 'json');

    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      plans: [
        {
          catalogChanges: [
            { destination: CATALOG, change: 'orphaned' },
            {
              change: 'new',
              name: 'catalog-v9',
              renamedFrom: { destination: CATALOG, name: 'catalog-v1' },
            },
          ],
        },
      ],
    });
  });
});
