import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { CRDS_MISSING, crdValidator } from '../support/crd.ts';
import { GRAPH_DATA_FILES, makeGraphDataArchive } from '../support/releases/graph-data-archive.ts';
import {
  type ReleasePass,
  type ReleaseSite,
  openReleaseSite,
  releaseSet,
} from '../support/releases/release-site.ts';
import { hasProgram } from '../support/run-program.ts';

/** Versions of each channel in the order of its graph; EUS channels leave 4.17 to the way between. */
const CHANNELS = {
  'stable-4.17': ['4.16.5', '4.17.0', '4.17.1', '4.17.2'],
  'stable-4.18': ['4.17.2', '4.18.0', '4.18.1', '4.18.2'],
  'fast-4.18': ['4.17.2', '4.18.0', '4.18.1', '4.18.2', '4.18.3'],
  'eus-4.16': ['4.16.5'],
  'eus-4.18': ['4.16.5', '4.17.2', '4.18.2'],
} as const;

const OKD = ['4.18.0-okd-scos.7', '4.18.0-okd-scos.8', '4.18.0-okd-scos.9'];

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;

describe.skipIf(needed.length > 0)(`the controller with releases${skipped}`, () => {
  let site: ReleaseSite;
  let first: ReleasePass;

  beforeAll(async () => {
    site = await openReleaseSite();
    const versions = [...new Set(Object.values(CHANNELS).flat())].sort();
    for (const version of versions) {
      // The cli changes with every release, etcd with each minor version, the rest never.
      const components = [
        { name: 'cli', seed: version },
        { name: 'etcd', seed: version.slice(0, 4) },
        'machine-os-content',
      ];
      await site.addRelease({ version, components });
    }
    for (const version of OKD) await site.addRelease({ version, okd: true });
    for (const [name, list] of Object.entries(CHANNELS)) site.addChannel(name, { versions: list });
    site.addChannel('stable-scos', { type: 'okd', versions: OKD });

    await site.commit({
      'heads.yaml': releaseSet({
        graph: true,
        channels: [{ name: 'stable-4.17' }, { name: 'stable-4.18' }],
      }),
      'range.yaml': releaseSet({
        channels: [{ name: 'fast-4.18', minVersion: '4.18.0', maxVersion: '4.18.1' }],
      }),
      'path.yaml': releaseSet({
        channels: [
          { name: 'stable-4.17', minVersion: '4.17.0', maxVersion: '4.17.1', shortestPath: true },
        ],
      }),
      'eus.yaml': releaseSet({ channels: [{ name: 'eus-4.16' }, { name: 'eus-4.18' }] }),
      'okd.yaml': releaseSet({
        channels: [
          {
            name: 'stable-scos',
            type: 'okd',
            minVersion: '4.18.0-okd-scos.8',
            maxVersion: '4.18.0-okd-scos.9',
          },
        ],
      }),
    });
    first = await site.pass();
  }, 240_000);

  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  it('mirrors what the channels choose', async () => {
    expect(first.report).toMatchObject({ state: 'Applied', failures: [] });
    expect(first.code).toBe(0);
    const places = await site.places();
    const payloads = places.filter((place) => place.startsWith('openshift/release-images:'));
    expect(payloads.map((place) => place.slice('openshift/release-images:'.length)).sort()).toEqual(
      [
        '4.16.5-x86_64', // The first of the EUS pair.
        '4.17.0-x86_64',
        '4.17.1-x86_64',
        '4.17.2-x86_64',
        '4.18.0-okd-scos.8',
        '4.18.0-okd-scos.9',
        '4.18.0-x86_64',
        '4.18.1-x86_64',
        '4.18.2-x86_64',
      ],
    );
    expect(places.filter((place) => place.startsWith('openshift/release:4.18.1-'))).toEqual([
      'openshift/release:4.18.1-x86_64-cli',
      'openshift/release:4.18.1-x86_64-etcd',
      'openshift/release:4.18.1-x86_64-machine-os-content',
    ]);
    expect(places).toContain('openshift/graph-image:latest');
  });

  it('publishes resources that OpenShift accepts', async () => {
    const lock = await site.site.lock();
    const graph = lock.images.find(({ kind }) => kind === 'graph');
    const at = `${site.destination.host}/site/openshift`;
    expect(await site.resource('updateService.yaml')).toMatchObject({
      kind: 'UpdateService',
      spec: {
        graphDataImage: `${at}/graph-image@${graph?.digest ?? ''}`,
        releases: `${at}/release-images`,
      },
    });
    const signatures = (await site.resource('signature-configmap.yaml')) as {
      binaryData: Record<string, string>;
    };
    const payloads = lock.releases.map(({ payload }) => payload.replace(':', '-'));
    const named = Object.keys(signatures.binaryData).map((key) => key.replace(/-\d+$/, ''));
    expect(named.sort()).toEqual(payloads.sort());
    expect(await site.site.published('kustomization.yaml')).toContain('updateService.yaml');
    expect(await site.site.published('kustomization.yaml')).not.toContain('install');
    expect(await site.site.published('install/image-digest-sources.yaml')).toContain(
      `${at}/release-images`,
    );
  });

  it.skipIf(CRDS_MISSING !== '')(
    `publishes what the definitions accept${CRDS_MISSING}`,
    async () => {
      for (const [file, kind] of [
        ['idms-oc-mirror.yaml', 'ImageDigestMirrorSet'],
        ['itms-oc-mirror.yaml', 'ImageTagMirrorSet'],
        ['updateService.yaml', 'UpdateService'],
      ] as const) {
        const validate = crdValidator(kind);
        const text = (await site.site.published(`resources/${file}`)) ?? '';
        for (const document of parseAllDocuments(text))
          expect(validate(document.toJS())).toEqual([]);
      }
    },
  );

  it('writes down who chose each release', async () => {
    const { releases } = await site.site.lock();
    const channels = Object.fromEntries(releases.map((line) => [line.release, line.channels]));
    expect(channels).toMatchObject({
      '4.16.5-x86_64': ['eus-4.16', 'eus-4.18'],
      '4.17.0-x86_64': ['stable-4.17'],
      '4.18.1-x86_64': ['fast-4.18', 'stable-4.17', 'stable-4.18'],
      // The end of the way from each of the others.
      '4.18.2-x86_64': ['eus-4.16', 'eus-4.18', 'stable-4.17', 'stable-4.18'],
      '4.18.0-okd-scos.9': ['stable-scos'],
    });
  });

  it('asks nobody anything in a second pass', async () => {
    const { report, asked } = await site.pass();
    expect(report.state).toBe('Unchanged');
    expect(asked).toEqual({ source: [], destination: [], service: [] });
  });

  it('takes all of it from the lock and the branch after a commit that changes no image set', async () => {
    await rm(join(site.site.folder, 'state'), { recursive: true });
    await site.commit({ 'README.md': 'Image sets' });
    const { report, asked, commits } = await site.pass();
    expect(report).toMatchObject({ state: 'Unchanged', warnings: [] });
    expect(asked).toEqual({ source: [], destination: [], service: [] });
    expect(commits).toBe(0);
  });

  it('finds nothing new in a resync, and makes no commit', async () => {
    const { report, asked, commits } = await site.pass('--resync');
    expect(report).toMatchObject({ state: 'Unchanged', failures: [] });
    expect(commits).toBe(0);
    expect(asked.service.length).toBeGreaterThan(0);
    const { asked: again } = await site.pass('--resync');
    expect(again.service.filter((url) => url.includes('signature'))).toEqual([]);
    expect(again.source.filter(({ path }) => path.includes('ubi9'))).toEqual([]);
    expect(
      again.source.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/')),
    ).toEqual([]);
  });

  it('builds a new graph image where the graph data changed, and makes one commit', async () => {
    const before = await site.there('openshift/graph-image:latest');
    const changed = { ...GRAPH_DATA_FILES, 'channels/stable-4.18.yaml': 'name: stable-4.18\n' };
    site.service.setGraphData(await makeGraphDataArchive(changed));
    const { report, commits } = await site.pass('--resync');
    expect(report).toMatchObject({ state: 'Applied', failures: [] });
    expect(commits).toBe(1);
    const graph = (await site.site.lock()).images.find(({ kind }) => kind === 'graph');
    expect(graph?.digest).not.toBe(before);
    expect(await site.there('openshift/graph-image:latest')).toBe(graph?.digest);
    expect((await site.pass('--resync')).commits).toBe(0);
  });

  it('heals a graph image that is gone, as long as the graph data are the same', async () => {
    const digest = await site.there('openshift/graph-image:latest');
    await site.lose('openshift/graph-image:latest');
    const { code, stdout } = await site.site.run('verify', '--repair', ...site.flags);
    expect(stdout).toMatch(/graph-image:latest.*repaired/);
    expect(code).toBe(0);
    expect(await site.there('openshift/graph-image:latest')).toBe(digest);
  });

  it('names the risks of an update that is recommended under conditions alone', async () => {
    const versions = ['4.18.0', '4.18.2'];
    const risks = [{ name: 'NodesGetStuck' }];
    site.addChannel('candidate-4.18', {
      versions,
      edges: [],
      conditional: [{ from: '4.18.0', to: '4.18.2', risks: risks.map(({ name }) => name) }],
    });
    const path = { name: 'candidate-4.18', minVersion: '4.18.0', maxVersion: '4.18.2' };
    const channel = { ...path, shortestPath: true };
    await site.commit({ 'candidate.yaml': releaseSet({ channels: [channel] }) });
    const refused = await site.site.run('plan', ...site.flags);
    expect(refused.stdout).toMatch(
      /no recommended updates lead from 4\.18\.0 to 4\.18\.2.*allowNotRecommended/s,
    );
    await site.commit({
      'candidate.yaml': releaseSet({ channels: [{ ...channel, allowNotRecommended: true }] }),
    });
    const { stdout } = await site.site.run('plan', ...site.flags);
    expect(stdout).toMatch(/candidate\.yaml:\d+:\d+.*4\.18\.0 to 4\.18\.2.*NodesGetStuck/);
    await site.commit({ 'candidate.yaml': undefined });
  });

  it('reads a signature that somebody changed in the branch from the store again', async () => {
    const path = 'resources/signature-configmap.yaml';
    const before = (await site.site.published(path)) ?? '';
    await site.site.git.commit('manifests', {
      [path]: before.replace(/(-1: )[A-Za-z0-9+/]{40}/, `$1${'A'.repeat(40)}`),
    });
    const { report } = await site.pass();
    expect(report).toMatchObject({ state: 'Applied', failures: [] });
    expect(await site.site.published(path)).toBe(before);
  });
});
