import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadsByDigest } from '../support/registry-content.ts';
import {
  type ReleaseSite,
  openReleaseSite,
  releaseDelete,
  releaseSet,
} from '../support/releases/release-site.ts';
import type { MadeRelease } from '../support/releases/make-release.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const VERSIONS = ['4.18.0', '4.18.1', '4.18.2'];

function range(minVersion: string, maxVersion: string): string {
  return releaseSet({ channels: [{ name: 'stable-4.18', minVersion, maxVersion }] });
}

describe.skipIf(needed.length > 0)(`releases that come and go${skipped}`, () => {
  let site: ReleaseSite;
  const releases = new Map<string, MadeRelease>();

  beforeAll(async () => {
    site = await openReleaseSite();
    for (const version of VERSIONS) {
      // The cli changes with every release, etcd with the second, machine-os-content never.
      const components = [
        { name: 'cli', seed: version },
        { name: 'etcd', seed: version === '4.18.0' ? '1' : '2' },
        'machine-os-content',
      ];
      releases.set(version, await site.addRelease({ version, components }));
    }
    site.addChannel('stable-4.18', { versions: VERSIONS });
    await site.commit({ 'releases.yaml': range('4.18.0', '4.18.1') });
    await site.pass();
  }, 120_000);

  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  it('plans one release for one more version', async () => {
    await site.commit({ 'releases.yaml': range('4.18.0', '4.18.2') });
    const { code, stdout, stderr } = await site.site.run('plan', ...site.flags);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^ *\+ 4\.18\.2-x86_64 .*stable-4\.18/m);
    expect(stdout).not.toMatch(/^ *[+~-] 4\.18\.[01]-x86_64/m);
  });

  it('moves only what changed', async () => {
    const { report, asked } = await site.pass();
    expect(report).toMatchObject({ state: 'Applied', failures: [] });
    const changed = releases.get('4.18.2');
    const cli = changed?.components.find(({ name }) => name === 'cli');
    const fresh = new Set<string>(
      [cli?.image, changed?.payload].flatMap((image) => [...(image?.blobs.keys() ?? [])]),
    );
    const sent = [...uploadsByDigest(asked.destination).keys()];
    expect(sent.filter((digest) => !fresh.has(digest))).toEqual([]);
    expect(sent).not.toEqual([]);
    for (const version of VERSIONS) {
      expect(await site.there(`openshift/release-images:${version}-x86_64`)).toBe(
        releases.get(version)?.digest,
      );
    }
  });

  it('deletes exactly what no other release shares', async () => {
    await site.commit({
      'releases.yaml': range('4.18.1', '4.18.2'),
      'delete.yaml': releaseDelete({
        channels: [{ name: 'stable-4.18', minVersion: '4.18.0', maxVersion: '4.18.0' }],
      }),
    });
    const { report } = await site.pass();
    expect(report.failures).toEqual([]);
    const places = await site.places();
    expect(places.filter((place) => place.includes(':4.18.0-'))).toEqual([
      // Its manifest is that of the other releases too, and this registry cannot delete a tag alone.
      'openshift/release:4.18.0-x86_64-machine-os-content',
    ]);
    expect(report.held.map(({ destination }) => destination)).toEqual([
      'openshift/release:4.18.0-x86_64-machine-os-content',
    ]);
    for (const name of ['cli', 'etcd', 'machine-os-content']) {
      const place = `openshift/release:4.18.1-x86_64-${name}`;
      const { image } = releases.get('4.18.1')?.components.find((one) => one.name === name) ?? {};
      expect(await site.there(place)).toBe(image?.top.digest);
    }
  });

  it('is quiet from then on', async () => {
    const { report, asked, commits } = await site.pass();
    expect(report.state).toBe('Unchanged');
    expect(asked).toEqual({ source: [], destination: [], service: [] });
    expect(commits).toBe(0);
  });

  it('names a release whose tag is held nowhere any more', async () => {
    const map = (await site.site.published('resources/signature-configmap.yaml')) ?? '';
    const gone = releases.get('4.18.0')?.digest.replace(':', '-') ?? '';
    expect(map).not.toContain(gone);
  });

  it('deletes nothing that a file may want whose channel cannot be looked up', async () => {
    // An orphan by now; what the next commit asks for may be it again.
    await site.commit({ 'releases.yaml': range('4.18.2', '4.18.2') });
    await site.pass();
    await rm(join(site.site.folder, 'state'), { recursive: true });
    site.service.fail('graph', 404);
    await site.commit({
      'releases.yaml': range('4.18.2', '4.18.3'),
      'delete.yaml': releaseDelete({
        channels: [{ name: 'stable-4.18', minVersion: '4.18.1', maxVersion: '4.18.1' }],
      }),
    });
    const { report } = await site.pass();
    expect(report.state).toBe('Degraded');
    const payload = 'openshift/release-images:4.18.1-x86_64';
    expect(report.held).toContainEqual(expect.objectContaining({ destination: payload }));
    expect(await site.there(payload)).toBe(releases.get('4.18.1')?.digest);

    site.service.fail('graph', undefined);
    const { report: after } = await site.pass();
    expect(after.failures).toEqual([]);
    expect(await site.there(payload)).toBeUndefined();
  });
});
