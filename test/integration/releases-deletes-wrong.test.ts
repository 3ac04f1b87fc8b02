import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MadeRelease } from '../support/releases/make-release.ts';
import {
  expectPublished,
  inForce,
  openSiteWithRelease,
} from '../support/releases/refused-release.ts';
import { type ReleaseSite, releaseDelete, releaseSet } from '../support/releases/release-site.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;

const NAME = 'stable-4.10';
const RANGE = { name: NAME, minVersion: '4.10.0', maxVersion: '4.10.1' };

interface Choosing {
  readonly name: string;
  readonly platform: object;
  readonly says: string;
}

/** What chooses nothing. */
const NOTHING: readonly Choosing[] = [
  {
    name: 'a shortest path',
    platform: { channels: [{ ...RANGE, shortestPath: true }] },
    says: 'delete.yaml:6:9: delete.platform.channels[0]: shortestPath chooses nothing to delete, since no path can be looked up in what is mirrored (Write minVersion and maxVersion of what is to be deleted, without shortestPath.)',
  },
  {
    name: 'a version that is not there',
    platform: { channels: [{ name: NAME, minVersion: '4.10.7', maxVersion: '4.10.7' }] },
    says: `delete.yaml:6:9: delete.platform.channels[0]: the lock has no release of channel "${NAME}" from 4.10.7 to 4.10.7 (It has 4.10.0-x86_64, 4.10.1-x86_64.)`,
  },
  {
    name: 'a channel that is not there',
    platform: { channels: [{ name: 'stable-4.11' }] },
    says: `delete.yaml:6:9: delete.platform.channels[0]: the lock has no release of channel "stable-4.11" (It has "${NAME}", "stable-4.9".)`,
  },
  {
    name: 'a release that is not there',
    platform: { release: 'quay.io/openshift-release-dev/ocp-release:4.10.7-x86_64' },
    says: 'delete.yaml:5:5: delete.platform.release: the lock has no release quay.io/openshift-release-dev/ocp-release:4.10.7-x86_64 (It has 4.9.0-x86_64, 4.10.0-x86_64, 4.10.1-x86_64.)',
  },
  {
    name: 'an architecture that is not there',
    platform: { architectures: ['arm64'], channels: [{ name: NAME }] },
    says: `the lock has no release of channel "${NAME}" for arm64 (It has 4.10.0-x86_64, 4.10.1-x86_64.)`,
  },
];

describe.skipIf(needed.length > 0)(`deletes of releases that ask too much${skipped}`, () => {
  let site: ReleaseSite;
  let releases: MadeRelease[];

  beforeAll(async () => {
    site = await openSiteWithRelease();
    await site.configure({ deletion: { policy: 'explicit', maxShare: 1, maxImages: 1000 } });
    releases = [];
    for (const version of ['4.10.0', '4.10.1']) {
      const components = ['cli', 'etcd', 'hyperkube', 'installer'].map((name) => ({
        name,
        seed: `${name} ${version}`,
      }));
      releases.push(await site.addRelease({ version, components }));
    }
    site.addChannel(NAME, { versions: ['4.10.0', '4.10.1'] });
    await site.commit({ 'wanted.yaml': releaseSet({ channels: [RANGE] }) });
    await site.pass();
  }, 120_000);

  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  it.each(NOTHING)(
    'chooses nothing by $name, and says what there is',
    async ({ platform, says }) => {
      await site.commit({ 'delete.yaml': releaseDelete(platform) });
      const before = (await inForce(site)).tags;
      const { code, report } = await site.pass();
      expect(report).toMatchObject({ failures: [], held: [] });
      expect(code).toBe(0);
      expect(report.warnings.filter((warning) => warning.includes('delete.yaml'))).toContainEqual(
        expect.stringContaining(says),
      );
      expect((await inForce(site)).tags).toEqual(before);
      await expectPublished(site, releases);
    },
  );

  it('holds a release that is still wanted, and says by whom', async () => {
    await site.commit({
      'delete.yaml': releaseDelete({ channels: [{ ...RANGE, maxVersion: '4.10.0' }] }),
    });
    const { stdout } = await site.site.run('plan', ...site.flags);
    expect(stdout).toContain('deletes that are held (5):\n');
    expect(stdout).toContain(
      '  ! 5 images: still wanted by wanted.yaml:6:9; asked for by delete.yaml:6:9 (delete.platform.channels[0])\n    ! openshift/release-images:4.10.0-x86_64\n',
    );
    const { code, report } = await site.pass();
    expect([code, report.failures]).toEqual([0, []]);
    expect(report.held.map(({ why }) => why)).toEqual(
      Array(5).fill('still wanted by wanted.yaml:6:9'),
    );
    await expectPublished(site, releases);
  });

  it('deletes it in the first pass in which nobody wants it any more', async () => {
    await site.commit({
      'wanted.yaml': releaseSet({ channels: [{ ...RANGE, minVersion: '4.10.1' }] }),
    });
    const { code, report } = await site.pass();
    expect(report).toMatchObject({ failures: [], held: [] });
    expect(code).toBe(0);
    const { tags } = await inForce(site);
    expect(tags.filter((tag) => tag.includes(':4.10.0-'))).toEqual([]);
    await expectPublished(site, releases.slice(1));
  });

  it('holds a component that a kept release shares where the tag cannot be deleted alone', async () => {
    const shared = await site.addRelease({ version: '4.10.2', components: ['cli'] });
    site.addChannel('stable-4.20', { versions: ['4.10.2'] });
    await site.commit({ 'shared.yaml': releaseSet({ channels: [{ name: 'stable-4.20' }] }) });
    await site.pass();
    await site.commit({
      'shared.yaml': undefined,
      'delete.yaml': releaseDelete({ channels: [{ name: 'stable-4.20' }] }),
    });
    const { report } = await site.pass();
    expect(report.failures).toEqual([]);
    expect(await site.there('openshift/release-images:4.10.2-x86_64')).toBeUndefined();
    const [cli] = shared.components;
    const isThere =
      (await site.there('openshift/release:4.9.0-x86_64-cli')) === cli?.image.top.digest;
    expect(isThere).toBe(true);
    const left = await site.there('openshift/release:4.10.2-x86_64-cli');
    expect(report.held.map(({ destination }) => destination)).toEqual(
      left === undefined ? [] : ['openshift/release:4.10.2-x86_64-cli'],
    );
  });
});
