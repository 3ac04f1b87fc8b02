import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadsByDigest } from '../support/registry-content.ts';
import {
  type ToldFailure,
  expectNotPublished,
  expectPublished,
  inForce,
  mirrorWith,
  openSiteWithRelease,
  placeOf,
  signedPayloads,
} from '../support/releases/refused-release.ts';
import type { MadeRelease } from '../support/releases/make-release.ts';
import { type ReleaseSite, releaseSet } from '../support/releases/release-site.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;

describe.skipIf(needed.length > 0)(`releases of which something is not there${skipped}`, () => {
  let site: ReleaseSite;

  beforeAll(async () => {
    site = await openSiteWithRelease();
  }, 60_000);

  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  describe('a component that is missing', () => {
    const components = ['cli', { name: 'etcd', seed: 'lost' }, 'machine-os-content'];
    let release: MadeRelease;
    let good: MadeRelease;

    beforeAll(async () => {
      release = await site.addRelease({ version: '4.10.0', components });
      good = await site.addRelease({ version: '4.10.1', components: ['cli'] });
      site.addChannel('stable-4.10', { versions: ['4.10.0', '4.10.1'], edges: [] });
      await site.removeImage(release.components[1]?.reference ?? '');
    });

    it('stops mirror before the payload', async () => {
      const isc = releaseSet({ channels: [{ name: 'stable-4.10', minVersion: '4.10.0' }] });
      const { code, stdout } = await mirrorWith(site, isc);
      expect(code).toBe(2);
      expect(stdout).toContain(`error mirroring image ${release.components[1]?.reference ?? ''}`);
      expect(stdout).toContain('answered 404');
      const { tags } = await inForce(site);
      expect(tags).not.toContain('by-mirror/openshift/release-images:4.10.0-x86_64');
      expect(stdout).not.toContain('signature-configmap');
      expect(stdout).not.toContain('updateService');
    });

    it('keeps back its release alone', async () => {
      await site.commit({
        'wrong.yaml': releaseSet({ channels: [{ name: 'stable-4.10', minVersion: '4.10.0' }] }),
      });
      const { code, report } = await site.pass();
      expect([code, report.state]).toEqual([3, 'Degraded']);
      const failures = report.failures as readonly ToldFailure[];
      expect(failures.map(({ error }) => error.code)).toEqual([
        'REGISTRY_NOT_FOUND',
        'RELEASE_INCOMPLETE',
      ]);
      expect(failures.map(placeOf)).toEqual(['wrong.yaml:6:9', 'wrong.yaml:6:9']);
      expect(failures[0]?.error.message).toContain(release.components[1]?.reference);
      expect(failures[1]?.error.message).toContain('the release 4.10.0-x86_64 is not published');
      expect(failures[1]?.error.message).toContain('openshift/release:4.10.0-x86_64-etcd');
      expect(failures[1]?.error.hint).toContain('what arrived is not copied again');
      await expectNotPublished(site, [release]);
      await expectPublished(site, [good]);
      const [cli] = release.components;
      expect(await site.there('openshift/release:4.10.0-x86_64-cli')).toBe(cli?.image.top.digest);
    });

    it('is tried again without a copy, a commit or an alarm about signatures', async () => {
      const { report, asked, commits, stderr } = await site.pass();
      expect(report.state).toBe('Degraded');
      expect(uploadsByDigest(asked.destination).size).toBe(0);
      expect(commits).toBe(0);
      expect(stderr).not.toContain('signature of a release');
    });

    it('is all that moves, with the payload, once it is back', async () => {
      await site.addRelease({ version: '4.10.0', components });
      const { code, report, asked } = await site.pass();
      expect(report).toMatchObject({ state: 'Applied', failures: [] });
      expect(code).toBe(0);
      await expectPublished(site, [release]);
      const fresh = [release.components[1]?.image, release.payload].flatMap((image) => [
        ...(image?.blobs.keys() ?? []),
      ]);
      for (const digest of uploadsByDigest(asked.destination).keys())
        expect(fresh).toContain(digest);
    });
  });

  describe('two payloads for one tag', () => {
    let first: MadeRelease;
    let second: MadeRelease;
    let good: MadeRelease;

    beforeAll(async () => {
      first = await site.addRelease({ version: '4.20.0', components: ['cli'] });
      second = await site.addRelease({ version: '4.20.0', components: ['etcd'] });
      good = await site.addRelease({ version: '4.20.1', components: ['cli'] });
    });

    it('are both refused, and named', async () => {
      await site.commit({
        'one.yaml': releaseSet({ release: first.reference }),
        'two.yaml': releaseSet({ release: second.reference }),
        'good.yaml': releaseSet({ release: good.tagged }),
      });
      const { code, report } = await site.pass();
      expect([code, report.state]).toEqual([3, 'Degraded']);
      const [failure, ...others] = report.failures as readonly ToldFailure[];
      expect(others).toEqual([]);
      expect(failure?.error).toMatchObject({
        code: 'DESTINATION_CONFLICT',
        hint: 'Take one of the releases out: the place of a release cannot be chosen.',
      });
      for (const part of ['one.yaml:5:5', 'two.yaml:5:5', first.digest, second.digest])
        expect(failure?.error.message).toContain(part);
      await expectNotPublished(site, [first, second]);
      await expectPublished(site, [good]);
      const { images } = await site.site.lock();
      expect(images.filter(({ destination }) => destination.includes(':4.20.0-'))).toEqual([]);
    });

    it('are refused by mirror, too', async () => {
      const both = [first, second].map(({ reference }) => releaseSet({ release: reference }));
      const { code, stdout } = await mirrorWith(site, both.join('---\n'));
      expect(code).toBe(2);
      expect(stdout).toContain('would have to be different images at once');
      const { tags } = await inForce(site);
      expect(tags).not.toContain('by-mirror/openshift/release-images:4.20.0-x86_64');
    });

    it('are one again when one is taken out', async () => {
      await site.commit({ 'two.yaml': undefined });
      const { code, report } = await site.pass();
      expect(report).toMatchObject({ state: 'Applied', failures: [] });
      expect(code).toBe(0);
      await expectPublished(site, [first]);
    });

    it('leave what is published as it is', async () => {
      await site.commit({ 'two.yaml': releaseSet({ release: second.reference }) });
      const before = await inForce(site);
      const { report } = await site.pass();
      expect(report.state).toBe('Degraded');
      expect(await inForce(site)).toEqual(before);
      await expectPublished(site, [first]);
      const { images } = await site.site.lock();
      const mine = images.filter(({ destination }) => destination.includes(':4.20.0-'));
      expect(mine.map(({ wantedBy }) => wantedBy)).toEqual([['one.yaml'], ['one.yaml']]);
      await site.commit({ 'one.yaml': undefined, 'two.yaml': undefined });
      expect((await site.pass()).report).toMatchObject({ failures: [] });
    });
  });

  describe('a signature that the settings do without', () => {
    let release: MadeRelease;
    const wanted = releaseSet({ channels: [{ name: 'stable-4.30' }] });

    beforeAll(async () => {
      release = await site.addRelease({ version: '4.30.0', signed: false });
      site.addChannel('stable-4.30', { versions: ['4.30.0'] });
      await site.commit({ 'unsigned.yaml': wanted });
    });

    it('is told by the plan and by the pass', async () => {
      await site.configure({}, { releases: { ...site.releases, unsigned: [release.digest] } });
      const { code, stdout } = await site.site.run('plan', ...site.flags);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^releases: 1 new.*; 1 of them unsigned$/m);
      expect(stdout).toMatch(
        /^ {2}\+ 4\.30\.0-x86_64 .*\n {4}! signature: none \(releases\.unsigned\)$/m,
      );
      const { report } = await site.pass();
      expect(report).toMatchObject({ state: 'Applied', failures: [] });
      expect(report.warnings.join()).toContain(
        `the release 4.30.0-x86_64 (${release.digest}) is taken without a signature`,
      );
      expect(await site.there('openshift/release-images:4.30.0-x86_64')).toBe(release.digest);
      expect(await signedPayloads(site)).not.toContain(release.digest);
    });

    it('is missed at the next resync once the settings ask for it again', async () => {
      await site.configure();
      const before = await inForce(site);
      expect((await site.pass()).report.state).toBe('Unchanged');
      const { code, report } = await site.pass('--resync');
      expect([code, report.state]).toEqual([3, 'Degraded']);
      expect(report.failures.map(({ error }) => error.code)).toEqual(['SIGNATURE_MISSING']);
      expect(await inForce(site)).toEqual(before);
      site.sign(release);
      expect((await site.pass()).report).toMatchObject({ state: 'Applied', failures: [] });
      await expectPublished(site, [release]);
    });

    it('is done without by mirror for a release that is named itself', async () => {
      const other = await site.addRelease({ version: '4.31.0', signed: false });
      site.addChannel('stable-4.31', { versions: ['4.31.0'] });
      const flag = '--ignore-release-signature';
      const pinned = await mirrorWith(site, releaseSet({ release: other.tagged }), {}, flag);
      expect(pinned, pinned.stdout).toMatchObject({ code: 0 });
      expect(pinned.stdout).toContain(`(${other.digest}) is taken without a signature`);
      const channels = [{ name: 'stable-4.31' }];
      const chosen = await mirrorWith(site, releaseSet({ channels }), {}, flag);
      expect(chosen.code).not.toBe(0);
      const { tags } = await inForce(site);
      expect(tags).not.toContain('by-mirror/openshift/release-images:4.31.0-x86_64');
    });
  });

  it('chooses from a channel of 20,000 releases', async () => {
    const versions = Array.from({ length: 20_000 }, (_, patch) => `4.40.${patch}`);
    const [first = '', last = ''] = [versions[0], versions.at(-1)];
    const ends = [
      await site.addRelease({ version: first, components: ['cli'] }),
      await site.addRelease({ version: last, components: ['cli'] }),
    ];
    const steps = versions.slice(1).map((to, index) => [versions[index] ?? '', to] as const);
    site.addChannel('stable-4.40', { versions, edges: [...steps, [first, last]] });
    const path = { minVersion: first, maxVersion: last, shortestPath: true };
    await site.commit({
      'many.yaml': releaseSet({ channels: [{ name: 'stable-4.40', ...path }] }),
    });
    const { report } = await site.pass();
    expect(report).toMatchObject({ state: 'Applied', failures: [] });
    await expectPublished(site, ends);
  });
});
