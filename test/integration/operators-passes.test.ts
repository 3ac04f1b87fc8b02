import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { Digest } from '../../src/oci/digest.ts';
import { FIXTURE_FILES } from '../support/catalogs/fixture-catalog.ts';
import { CRDS_MISSING, crdValidator } from '../support/crd.ts';
import {
  NAMESPACE,
  type OperatorSite,
  makeOperatorSite,
  operatorImage,
  operatorPlace,
  operatorSet,
} from '../support/operator-site.ts';
import { readsByDigest, uploadsByDigest } from '../support/registry-content.ts';
import { hasProgram } from '../support/run-program.ts';
import { inspectRaw } from '../support/skopeo.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const CATALOG = 'team/catalog:v1';
const HEADS: readonly (readonly [name: string, version: string])[] = [
  ...['1.1.0', '2.0.0', '2.1.0'].map((version) => ['gadget-bundle', version] as const),
  ...['1.1.0', '2.0.0', '2.1.0'].map((version) => ['gadget', version] as const),
  ['gadget-operand', '1'],
  ['widget-bundle', '4.9.0-3'],
  ['widget', '4.9.0-3'],
  ['widget-operand', '1'],
];

describe.skipIf(needed.length > 0)(`the controller with an operator catalog${skipped}`, () => {
  let world: OperatorSite;
  let sourceDigest: string;

  beforeAll(async () => {
    world = await makeOperatorSite();
    sourceDigest = await world.putCatalog(CATALOG, FIXTURE_FILES);
    await world.commit({
      'operators.yaml': operatorSet([
        { catalog: world.ref(CATALOG), packages: [{ name: 'gadget' }, { name: 'widget' }] },
      ]),
    });
  }, 60_000);
  afterAll(() => world[Symbol.asyncDispose]());

  it('mirrors the heads of two packages, with all that they need', async () => {
    const { code, report, asked, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    expect(report).toMatchObject({ state: 'Applied', failures: [], warnings: [] });
    for (const [name, version] of HEADS) {
      const { digest } = (await operatorImage(name, version)).top;
      expect(await world.there(await operatorPlace(name, version)), name).toBe(digest);
    }
    expect((await world.site.lock()).images).toHaveLength(HEADS.length + 1);
    const tried = asked.destination.filter(({ method }) => method === 'DELETE');
    expect(tried, 'uploads that were opened to see whether they can be').toHaveLength(1);
  });

  it('publishes exactly the filtered documents', async () => {
    expect(await world.content(CATALOG)).toEqual({
      gadget: ['fast', 'old', 'stable', 'gadget.v1.1.0', 'gadget.v2.0.0', 'gadget.v2.1.0'],
      widget: ['stable-4', 'widget.v4.9.0-3'],
    });
  });

  it.skipIf(!hasProgram('skopeo'))('leaves a catalog and images that skopeo reads', async () => {
    const host = `${world.destination.host}/${NAMESPACE}`;
    for (const { destination, digest } of (await world.site.lock()).images) {
      const raw = await inspectRaw(`docker://${host}/${destination}`);
      expect(`sha256:${createHash('sha256').update(raw).digest('hex')}`).toBe(digest);
    }
  });

  it('writes the lines of the lock', async () => {
    const lock = await world.site.lock();

    const [catalog] = lock.catalogs;
    expect(lock.catalogs).toEqual([
      {
        destination: CATALOG,
        name: 'catalog-v1',
        source: world.ref(CATALOG),
        sourceDigest,
        inputs: catalog?.inputs,
      },
    ]);
    expect(lock.bundles.map(({ bundle, channels }) => [bundle, channels])).toEqual([
      ['gadget.v1.1.0', ['old']],
      ['gadget.v2.0.0', ['stable']],
      ['gadget.v2.1.0', ['fast']],
      ['widget.v4.9.0-3', ['stable-4']],
    ]);
    expect(lock.bundles[3]).toMatchObject({
      catalog: CATALOG,
      package: 'widget',
      version: '4.9.0-3',
      images: (
        await Promise.all([
          operatorPlace('widget', '4.9.0-3'),
          operatorPlace('widget-bundle', '4.9.0-3'),
          operatorPlace('widget-operand', '1'),
        ])
      ).sort(),
    });
    const kinds = Map.groupBy(lock.images, ({ kind }) => kind);
    expect([...kinds].map(([kind, lines]) => [kind, lines.length]).sort()).toEqual([
      ['bundle', 4],
      ['catalog', 1],
      ['related-image', 6],
    ]);
    expect(new Set(lock.images.flatMap(({ wantedBy }) => wantedBy))).toEqual(
      new Set(['operators.yaml']),
    );
  });

  it('names the catalog by digest in its resources', async () => {
    const digest = await world.there(CATALOG);
    const image = `${world.destination.host}/${NAMESPACE}/team/catalog@${digest}`;
    const catalogSource = parseYaml(
      (await world.site.published('resources/cs-catalog-v1.yaml')) ?? '',
    ) as object;
    expect(catalogSource).toMatchObject({ kind: 'CatalogSource', spec: { image } });
    const clusterCatalog = parseYaml(
      (await world.site.published('resources/cc-catalog-v1.yaml')) ?? '',
    ) as object;
    expect(clusterCatalog).toMatchObject({
      kind: 'ClusterCatalog',
      spec: { source: { image: { ref: image } } },
    });
    const mirrors = (await world.site.published('resources/idms-oc-mirror.yaml')) ?? '';
    expect(parseYaml(mirrors)).toMatchObject({
      kind: 'ImageDigestMirrorSet',
      spec: {
        imageDigestMirrors: [
          {
            source: `${world.source.host}/example`,
            mirrors: [`${world.destination.host}/${NAMESPACE}/example`],
          },
        ],
      },
    });
    const listed = parseYaml((await world.site.published('kustomization.yaml')) ?? '') as object;
    expect(listed).toMatchObject({
      resources: [
        'resources/cc-catalog-v1.yaml',
        'resources/cs-catalog-v1.yaml',
        'resources/idms-oc-mirror.yaml',
      ],
    });
  });

  it.skipIf(CRDS_MISSING !== '')(
    `writes resources that OpenShift's definitions accept${CRDS_MISSING}`,
    async () => {
      for (const [kind, file] of [
        ['ImageDigestMirrorSet', 'idms-oc-mirror'],
        ['CatalogSource', 'cs-catalog-v1'],
        ['ClusterCatalog', 'cc-catalog-v1'],
      ] as const) {
        const text = (await world.site.published(`resources/${file}.yaml`)) ?? '';
        expect(crdValidator(kind)(parseYaml(text)), kind).toEqual([]);
      }
    },
  );

  const NOTHING = { code: 0, commits: 0, asked: { source: [], destination: [] } };

  it('asks no registry anything in a second pass', async () => {
    expect(await world.pass()).toMatchObject({ ...NOTHING, report: { state: 'Unchanged' } });
  });

  it('takes all of it from the lock after a commit that changes no image set', async () => {
    await world.commit({ 'README.md': 'Our operators.\n' });

    expect(await world.pass()).toMatchObject({ ...NOTHING, report: { state: 'Unchanged' } });
  });

  it('moves one bundle, one layer and what names it where a filter lets one more bundle in', async () => {
    await world.commit({
      'operators.yaml': operatorSet([
        {
          catalog: world.ref(CATALOG),
          packages: [
            { name: 'gadget' },
            { name: 'widget', channels: [{ name: 'stable-4', minVersion: '4.8.0-25' }] },
          ],
        },
      ]),
    });

    const { code, report, asked, stderr } = await world.pass();

    expect(code, stderr).toBe(0);
    expect(report).toMatchObject({ state: 'Applied', images: { added: 3, gone: 1 } });
    expect(await world.content(CATALOG)).toEqual({
      gadget: ['fast', 'old', 'stable', 'gadget.v1.1.0', 'gadget.v2.0.0', 'gadget.v2.1.0'],
      widget: ['stable-4', 'widget.v4.8.0-25', 'widget.v4.9.0-3'],
    });
    const images = await Promise.all(
      ['widget', 'widget-bundle'].map((name) => operatorImage(name, '4.8.0-25')),
    );
    const blobs = images.flatMap((image) => [...image.blobs.keys()]).sort();
    const uploads = [...uploadsByDigest(asked.destination).keys()];
    expect(uploads.filter((digest) => !blobs.includes(digest as Digest))).toHaveLength(2);
    expect(uploads).toHaveLength(blobs.length + 2);
    const ofCatalog = asked.source.filter(({ path }) => path.includes('/team/catalog/'));
    const others = asked.source.filter((request) => !ofCatalog.includes(request));
    expect([...readsByDigest(others).keys()].sort()).toEqual(blobs);
    // The manifest and the config that the new ones are made from; the tag is not asked for.
    expect(ofCatalog.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      expect.stringMatching(/^GET \/v2\/team\/catalog\/blobs\/sha256:/),
      `GET /v2/team/catalog/manifests/${sourceDigest}`,
    ]);
    const manifests = others.filter(({ path }) => path.includes('/manifests/'));
    expect(manifests.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      images
        .map(({ top }, index) => {
          const name = index === 0 ? 'widget' : 'widget-bundle';
          return `GET /v2/example/${name}/manifests/${top.digest}`;
        })
        .sort(),
    );
    const puts = asked.destination.filter(
      ({ method, path }) => method === 'PUT' && path.includes('/manifests/'),
    );
    expect(puts.map(({ path }) => path.replace(/manifests.*/, '')).sort()).toEqual([
      `/v2/${NAMESPACE}/example/widget-bundle/`,
      `/v2/${NAMESPACE}/example/widget/`,
      // An index and its only instance.
      `/v2/${NAMESPACE}/team/catalog/`,
      `/v2/${NAMESPACE}/team/catalog/`,
    ]);
  });

  it('takes all of it from the lock where the state directory is gone', async () => {
    await world.site.removeState();

    expect(await world.pass()).toMatchObject({ ...NOTHING, report: { state: 'Unchanged' } });
  });

  it('reads the catalog by its locked digest where its content is gone from the disk', async () => {
    await world.commit({
      'operators.yaml': operatorSet([
        { catalog: world.ref(CATALOG), packages: [{ name: 'gadget' }, { name: 'widget' }] },
      ]),
    });
    await world.site.removeState();

    const { report, asked } = await world.pass();

    expect(report.state).toBe('Applied');
    const manifests = asked.source.filter(({ path }) => path.includes('/manifests/'));
    expect(new Set(manifests.map(({ path }) => path))).toEqual(
      new Set([`/v2/team/catalog/manifests/${sourceDigest}`]),
    );
  });
});
