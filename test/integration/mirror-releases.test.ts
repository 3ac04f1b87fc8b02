import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { hexOf } from '../../src/oci/digest.ts';
import { testIo } from '../support/command-io.ts';
import { makeImage } from '../support/make-image.ts';
import type { CommandResult } from '../support/mirror-site.ts';
import { pushImage } from '../support/push-image.ts';
import type { MadeRelease } from '../support/releases/make-release.ts';
import { type ReleaseSite, openReleaseSite, releaseSet } from '../support/releases/release-site.ts';

const WORKING = 'ws/working-dir';

let site: ReleaseSite;
/** They share `cli`. */
let first: MadeRelease;
let second: MadeRelease;

beforeAll(async () => {
  site = await openReleaseSite();
  const components = (seed: string) => ['cli', { name: 'etcd', seed }];
  first = await site.addRelease({ version: '4.18.1', components: components('one') });
  second = await site.addRelease({ version: '4.18.2', components: components('two') });
  site.addChannel('stable-4.18', { versions: ['4.18.1', '4.18.2'] });
  await pushImage(site.source.endpoint, 'team/app', await makeImage({ seed: 'app' }), '1.0');
}, 60_000);
afterAll(() => site[Symbol.asyncDispose]());

async function read(...path: readonly string[]): Promise<string> {
  return readFile(join(site.site.folder, WORKING, ...path), 'utf8');
}

async function resourceFiles(): Promise<string[]> {
  return (await readdir(join(site.site.folder, WORKING, 'cluster-resources'))).sort();
}

function additional(): object {
  return { additionalImages: [{ name: `${site.source.host}/team/app:1.0` }] };
}

/** As `site.mirror`, where some variables are something else. */
async function mirrorWith(over: Readonly<Record<string, string>>): Promise<CommandResult> {
  const environment = { ...site.environment, ...over };
  const io = testIo({ environment, cwd: site.site.folder, now: () => new Date() });
  const to = `docker://${site.destination.host}/site`;
  const line = ['-c', 'isc.yaml', '--workspace', 'file://ws', to];
  return { code: await runCommandLine(line, io, AbortSignal.timeout(120_000)), ...io.written };
}

it('mirrors what channels choose, with graph image, signatures and resources', async () => {
  const platform = { graph: true, channels: [{ name: 'stable-4.18', minVersion: '4.18.1' }] };
  const isc = releaseSet(platform, additional());

  const dry = await site.mirror(isc, '--dry-run');
  const before = [await site.places(), site.service.requests('graph-data')];
  const { code, stdout } = await site.mirror(isc, '--parallel-images', '10');
  const again = await site.mirror(isc);

  expect([dry.code, before, code]).toEqual([0, [[], []], 0]);
  const graph = `docker://${site.destination.host}/site/openshift/graph-image:latest`;
  expect((await read('dry-run', 'mapping.txt')).split('\n')).toEqual([
    ...[...first.components, ...second.components].map(
      ({ reference }) => expect.stringMatching(`^docker://${reference}=docker://`) as string,
    ),
    ...[first, second].map(
      ({ tag, tagged }) =>
        `docker://${tagged}=docker://${site.destination.host}/site/openshift/release-images:${tag}`,
    ),
    expect.stringContaining('/team/app:1.0=') as string,
    `${graph}=${graph}`,
    '',
  ]);
  expect(stdout).toContain('7 / 7 release images mirrored successfully');
  for (const { tag, digest, components } of [first, second]) {
    expect(await site.there(`openshift/release-images:${tag}`)).toBe(digest);
    for (const { name, image } of components)
      expect(await site.there(`openshift/release:${tag}-${name}`)).toBe(image.top.digest);
  }
  expect(again.code).toBe(0);
  expect(again.stdout.match(/Already there: /g)).toHaveLength(8);
  expect(again.stdout).not.toContain('Success copying');

  expect(await resourceFiles()).toEqual([
    'idms-oc-mirror.yaml',
    'itms-oc-mirror.yaml',
    'signature-configmap.json',
    'signature-configmap.yaml',
    'updateService.yaml',
  ]);
  const signatures = parse(await read('cluster-resources', 'signature-configmap.yaml')) as object;
  expect(JSON.parse(await read('cluster-resources', 'signature-configmap.json'))).toEqual(
    signatures,
  );
  expect(Object.keys((signatures as { binaryData: object }).binaryData)).toEqual(
    [`sha256-${hexOf(first.digest)}-1`, `sha256-${hexOf(second.digest)}-2`].sort(),
  );
  expect(parse(await read('cluster-resources', 'updateService.yaml'))).toMatchObject({
    spec: {
      graphDataImage: graph.slice('docker://'.length),
      releases: `${site.destination.host}/site/openshift/release-images`,
    },
  });
  // As the reference tool keeps them.
  const kept = await readdir(join(site.site.folder, WORKING, 'signatures'));
  expect(kept.sort()).toEqual(
    [first, second].map(({ tag, digest }) => `${tag}-sha256-${hexOf(digest)}`),
  );
  const body = await read('hold-release', 'cincinnati-graph-data', 'amd64-stable-4.18.json');
  expect(JSON.parse(body)).toMatchObject({ nodes: [{ version: '4.18.1' }, { version: '4.18.2' }] });
});

it('takes the graph image from the workspace behind an update service of its own', async () => {
  const built = await site.there('openshift/graph-image:latest');
  await site.lose('openshift/graph-image:latest');
  const overrides = { GRAPH_DATA_URL_OVERRIDE: '', GRAPH_BASE_OVERRIDE: 'nowhere.invalid/a:1' };
  const before = site.service.requests('graph-data').length;

  const { code } = await mirrorWith(overrides);
  const there = await site.there('openshift/graph-image:latest');
  await rm(join(site.site.folder, WORKING, 'graph-preparation'), { recursive: true });
  const without = await mirrorWith(overrides);

  expect([code, there]).toEqual([0, built]);
  expect(site.service.requests('graph-data')).toHaveLength(before);
  expect(without.code).toBe(2);
  expect(without.stdout).toContain('no graph image in ws/working-dir/graph-preparation: ');
});

it('stops at the first release image that fails, and puts no payload above what is missing', async () => {
  const broken = await site.addRelease({
    version: '4.19.1',
    components: ['cli', { name: 'lost', seed: 'lost' }],
  });
  site.addChannel('stable-4.19', { versions: ['4.19.1'] });
  const lost = broken.components.find(({ name }) => name === 'lost');
  await site.removeImage(lost?.reference ?? '');
  const isc = releaseSet({ channels: [{ name: 'stable-4.19' }] }, additional());
  await site.lose('team/app:1.0');

  const { code, stdout } = await site.mirror(isc, '--parallel-images', '1', '--retry-times', '0');

  expect(code).toBe(2);
  expect(stdout).toContain(`Failed to copy ocpReleaseContent ${lost?.reference ?? ''}`);
  expect(stdout).toContain('2 images are left out, since a release image failed');
  expect(stdout).toContain('1 / 3 release images mirrored: Some release images failed');
  expect(await site.there('openshift/release-images:4.19.1-x86_64')).toBeUndefined();
  expect(await site.there('team/app:1.0')).toBeUndefined();

  // With room for everything at once.
  const wide = await site.mirror(isc, '--parallel-images', '10', '--retry-times', '0');

  expect(wide.code).toBe(2);
  expect(await site.there('openshift/release-images:4.19.1-x86_64')).toBeUndefined();
});

it('names every cause before it copies anything', async () => {
  const unsigned = await site.addRelease({ version: '4.20.1', signed: false });
  const stranger = await site.addRelease({ version: '4.20.2', signed: false });
  site.sign(stranger, { key: site.okdKey });
  site.addChannel('stable-4.20', { versions: ['4.20.1', '4.20.2', '4.20.3'] });
  const isc = releaseSet(
    {
      channels: [
        { name: 'stable-4.20', minVersion: '4.20.1' },
        { name: 'stable-4.99', minVersion: '4.99.1', maxVersion: '4.99.2' },
      ],
    },
    { additionalImages: [{ name: `${site.source.host}/team/nothing:1.0` }] },
  );

  // The flag is for releases that an image set names itself.
  const flags = ['--retry-times', '0', '--ignore-release-signature'];
  const { code, stdout } = await site.mirror(isc, ...flags);

  expect(code).toBe(2);
  const [, causes = ''] = stdout.split('collection error: ');
  expect(causes.match(/isc\.yaml:\d+:\d+: [^\n]*/g)).toEqual([
    expect.stringContaining(`no signature found for ${hexOf(unsigned.digest)}`),
    expect.stringContaining('which is not among the keys that count'),
    expect.stringContaining('no signature found'),
    expect.stringContaining('stable-4.99 has no releases'),
  ]);
  expect(causes).toContain('no release images found');
  expect(stdout).not.toContain('Start copying');
});

it('takes a release unsigned only where it is named and the flag is given', async () => {
  const { reference, digest } = await site.addRelease({ version: '4.21.1', signed: false });
  const isc = releaseSet({ release: reference });

  const refused = await site.mirror(isc);
  const { code, stdout } = await site.mirror(isc, '--ignore-release-signature');

  expect(refused.code).toBe(2);
  expect(code).toBe(0);
  expect(stdout).toContain('is taken without a signature');
  expect(await site.there(`openshift/release-images:${hexOf(digest)}`)).toBe(digest);
  expect(await resourceFiles()).toEqual(['idms-oc-mirror.yaml']);
});
