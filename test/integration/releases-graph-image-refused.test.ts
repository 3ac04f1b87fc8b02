import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LayerEntry, makeLayerTar } from '../support/catalogs/tar-layer.ts';
import { GRAPH_DATA_FILES, makeGraphDataArchive } from '../support/releases/graph-data-archive.ts';
import type { MadeRelease } from '../support/releases/make-release.ts';
import {
  type ToldFailure,
  expectPublished,
  inForce,
  mirrorWith,
  placeOf,
} from '../support/releases/refused-release.ts';
import { type ReleaseSite, openReleaseSite, releaseSet } from '../support/releases/release-site.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;

interface WrongData {
  readonly name: string;
  readonly bytes: () => Promise<Uint8Array> | Uint8Array;
  readonly says: string;
}

async function withEntry(entry: LayerEntry): Promise<Uint8Array> {
  const files = Object.entries(GRAPH_DATA_FILES).map(([name, content]) => ({ name, content }));
  return gzipSync(await makeLayerTar([...files, entry]));
}

const WRONG: readonly WrongData[] = [
  {
    name: 'a web page',
    bytes: () => Buffer.from('<!DOCTYPE html>\n<title>Sign in</title>'),
    says: 'it is a web page, no tarball',
  },
  {
    name: 'a tarball that was cut off',
    bytes: async () => (await makeGraphDataArchive()).subarray(0, 100),
    says: 'it cannot be unpacked: unexpected end of file',
  },
  {
    name: 'a path that leads out',
    bytes: () => withEntry({ name: 'channels/../../../etc/passwd', content: 'root' }),
    says: 'etc/passwd',
  },
  {
    name: 'an absolute path',
    bytes: () => withEntry({ name: '/etc/passwd', content: 'root' }),
    says: 'the path "/etc/passwd" is absolute',
  },
  {
    name: 'a link',
    bytes: () => withEntry({ name: 'channels/a.yaml', type: 'symlink', target: '/etc/passwd' }),
    says: '"channels/a.yaml" is a link or a device',
  },
  {
    name: 'data of a schema that nobody knows',
    bytes: () => makeGraphDataArchive({ ...GRAPH_DATA_FILES, version: '2.0.0\n' }),
    says: 'its version is "2.0.0", and only 1.x is known',
  },
];

describe.skipIf(needed.length > 0)(`graph images that cannot be built${skipped}`, () => {
  let site: ReleaseSite;
  let release: MadeRelease;
  const isc = releaseSet({ graph: true, channels: [{ name: 'stable-4.9' }] });

  beforeAll(async () => {
    site = await openReleaseSite();
    release = await site.addRelease({ version: '4.9.0', components: ['cli'] });
    site.addChannel('stable-4.9', { versions: ['4.9.0'] });
    await site.commit({ 'base.yaml': isc });
  }, 60_000);

  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  async function expectRefused(code: string, says: string): Promise<void> {
    const ran = await mirrorWith(site, isc);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toContain('isc.yaml:5:5: the graph image: ');
    expect(ran.stdout).toContain(says);

    const { code: exit, report } = await site.pass('--resync');
    expect([exit, report.state]).toEqual([3, 'Degraded']);
    const [failure, ...others] = report.failures as readonly ToldFailure[];
    expect(others).toEqual([]);
    expect(failure?.wanted).toBe('the graph image');
    expect(failure === undefined ? '' : placeOf(failure)).toBe('base.yaml:5:5');
    expect(failure?.error.code).toBe(code);
    expect(failure?.error.message).toContain(says);
    expect(failure?.error.hint ?? '').not.toBe('');
    await expectPublished(site, [release]);
  }

  it('takes no image from the workspace that is not there', async () => {
    const { code, stdout } = await mirrorWith(site, isc, { GRAPH_DATA_URL_OVERRIDE: '' });
    expect(code).toBe(2);
    expect(stdout).toContain('isc.yaml:5:5: the graph image: no graph image in ws/');
    expect(stdout).toContain('With UPDATE_URL_OVERRIDE none is built.');
    expect((await inForce(site)).tags).toEqual([]);
  });

  it.each(WRONG)('refuses $name, and publishes the releases', async ({ bytes, says }) => {
    site.service.setGraphData(await bytes());
    await expectRefused('GRAPH_DATA_INVALID', says);
    expect((await inForce(site)).updateService).toBeUndefined();
    expect(await site.there('openshift/graph-image:latest')).toBeUndefined();
  });

  it('says that there are no data', async () => {
    site.service.fail('graph-data', 404);
    await expectRefused('DOWNLOAD_FAILED', 'there are no graph data at http://');
    site.service.fail('graph-data', undefined);
    expect((await inForce(site)).updateService).toBeUndefined();
  });

  it('says that the base is not there, and where it is named', async () => {
    site.service.setGraphData(await makeGraphDataArchive());
    const graphBase = `${site.source.host}/ubi9/none:latest`;
    await site.configure({}, { releases: { ...site.releases, graphBase } });
    const { report } = await site.pass();
    const [failure] = report.failures as readonly ToldFailure[];
    expect(failure?.error.code).toBe('REGISTRY_NOT_FOUND');
    expect(failure?.error.message).toContain('the image that it is built on cannot be had');
    expect(failure?.error.message).toContain(graphBase);
    expect(failure?.error.hint).toContain('releases.graphBase');
    expect((await inForce(site)).updateService).toBeUndefined();
    await site.configure();
    expect((await site.pass()).report).toMatchObject({ state: 'Applied', failures: [] });
    expect((await inForce(site)).updateService).toMatchObject({ kind: 'UpdateService' });
  });

  it('leaves the graph image that is there', async () => {
    const before = await inForce(site);
    site.service.setGraphData(Buffer.from('<html>'));
    await expectRefused('GRAPH_DATA_INVALID', 'it is a web page');
    expect(await inForce(site)).toEqual(before);
    site.service.setGraphData(await makeGraphDataArchive());
    expect((await site.pass('--resync')).report).toMatchObject({ failures: [] });
    expect(await inForce(site)).toEqual(before);
  });
});
