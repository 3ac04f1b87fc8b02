import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MadeRelease } from '../support/releases/make-release.ts';
import {
  type ToldFailure,
  expectNotPublished,
  expectPublished,
  inForce,
  mirrorWith,
  openSiteWithRelease,
  placeOf,
} from '../support/releases/refused-release.ts';
import { type ReleaseSite, releaseSet } from '../support/releases/release-site.ts';
import { hasProgram } from '../support/run-program.ts';

const needed = ['git', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;

interface WrongFile {
  readonly name: string;
  /** Undefined: the file is not there. */
  readonly text: string | undefined;
  readonly says: string;
}

const PRIVATE_KEY = [
  '-----BEGIN PGP PRIVATE KEY BLOCK-----',
  '',
  'c2VjcmV0LXNlY3JldA==',
  '-----END PGP PRIVATE KEY BLOCK-----',
  '',
].join('\n');

const KEYS: readonly WrongFile[] = [
  { name: 'is not there', text: undefined, says: 'cannot be read: no such file or folder' },
  { name: 'is no key', text: 'hello\n', says: 'holds no public keys' },
  { name: 'is a private key', text: PRIVATE_KEY, says: 'has a private key in it' },
];

const AUTHORITIES: readonly WrongFile[] = [
  { name: 'is not there', text: undefined, says: 'cannot be read: no such file or folder' },
  { name: 'is no certificate', text: 'hello\n', says: 'has no certificate in PEM form' },
  {
    name: 'has a private key',
    text: '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n',
    says: 'has a private key in it',
  },
];

describe.skipIf(needed.length > 0)(`settings of releases that are wrong${skipped}`, () => {
  let site: ReleaseSite;

  beforeAll(async () => {
    site = await openSiteWithRelease();
  }, 60_000);

  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  describe.each(KEYS.map((one, index) => ({ ...one, minor: 10 + index })))(
    'a keys file that $name',
    ({ text, says, minor }) => {
      const path = `keys-${minor}.yaml`;
      let release: MadeRelease;
      let file: string;

      beforeAll(async () => {
        release = await site.addRelease({ version: `4.${minor}.0`, components: ['cli'] });
        file = join(site.site.folder, `wrong-${minor}.asc`);
        if (text !== undefined) await writeFile(file, text);
        await site.configure({}, { releases: { ...site.releases, keysFile: file } });
      });

      it('keeps back what has to be verified, and leaves what is published', async () => {
        const before = await site.site.published('resources/signature-configmap.yaml');
        await site.commit({
          [path]: releaseSet(
            { release: release.tagged },
            { additionalImages: [{ name: site.graphBase, targetTag: `v${minor}` }] },
          ),
        });
        const { code, report, stderr } = await site.pass();
        expect([code, report.state]).toEqual([3, 'Degraded']);
        for (const { error } of report.failures as readonly ToldFailure[]) {
          expect(error.code).toBe('SIGNING_KEYS_INVALID');
          expect(error.message).toContain(`the keys file ${file} ${says}`);
          expect(error.hint).toContain('gpg --armor --export KEY');
        }
        const places = (report.failures as readonly ToldFailure[]).map(placeOf);
        expect(places).toContain(`${path}:5:5`);
        expect(places).toContain('base.yaml:7:9');
        expect(stderr).not.toContain('c2VjcmV0');
        await expectNotPublished(site, [release]);
        expect(await site.site.published('resources/signature-configmap.yaml')).toBe(before);
        expect(await site.there(`ubi9/ubi:v${minor}`)).toMatch(/^sha256:/);
      });

      it('leaves it at a resync of a controller that has kept nothing', async () => {
        await rm(join(site.site.folder, 'state'), { recursive: true });
        const before = await inForce(site);
        expect((await site.pass('--resync')).report.state).toBe('Degraded');
        expect(await inForce(site)).toEqual(before);
      });

      it('lets all of it through once it is right', async () => {
        await site.configure();
        expect((await site.pass()).report).toMatchObject({ state: 'Applied', failures: [] });
        await expectPublished(site, [release]);
      });

      it('fails mirror before the first copy', async () => {
        const before = await inForce(site);
        const { code, stdout } = await mirrorWith(site, releaseSet({ release: release.tagged }), {
          OCP_SIGNATURE_VERIFICATION_PK: file,
        });
        expect(code).toBe(2);
        // A file that cannot be read leaves the built-in keys, as in the reference tool.
        expect(stdout).toContain(
          text === undefined
            ? `OCP_SIGNATURE_VERIFICATION_PK: the keys file ${file} ${says}: the built-in keys are used instead`
            : `the keys file ${file} ${says}`,
        );
        expect(await inForce(site)).toEqual(before);
      });
    },
  );

  it.each(AUTHORITIES)(
    'fails the pass for a registry’s authority that $name',
    async ({ text, says }) => {
      const registryCAFile = join(site.site.folder, 'registry-ca.crt');
      if (text === undefined) await rm(registryCAFile, { force: true });
      else await writeFile(registryCAFile, text);
      await site.configure({ resources: { registryCAFile } });
      const before = await inForce(site);
      const ran = await site.site.run('run', '--once', ...site.flags);
      expect(ran.code).toBe(1);
      expect(ran.stdout).toContain(`error: resources.registryCAFile ${registryCAFile} ${says}`);
      expect(ran.stdout).toMatch(/^ {2}hint: /m);
      expect(ran.stdout + ran.stderr).not.toContain('c2VjcmV0');
      expect(await inForce(site)).toEqual(before);

      await writeFile(registryCAFile, await readFile(caOf(site), 'utf8'));
      const { report } = await site.pass();
      expect(report).toMatchObject({ failures: [] });
      expect(await site.resource('registry-ca-configmap.yaml')).toMatchObject({
        kind: 'ConfigMap',
      });
      await site.configure();
      expect((await site.pass()).report).toMatchObject({ state: 'Applied', failures: [] });
      expect(await site.resource('registry-ca-configmap.yaml')).toBeUndefined();
    },
  );

  it('asks for the key of OKD, and leaves all else', async () => {
    const version = '4.18.0-okd-scos.1';
    const release = await site.addRelease({ version, okd: true, components: ['cli'] });
    const good = await site.addRelease({ version: '4.20.0', components: ['cli'] });
    site.addChannel('stable-scos', { type: 'okd', versions: [version] });
    const { graphUrl, signatureUrl } = site.releases.okd as Record<string, string>;
    await site.configure({}, { releases: { ...site.releases, okd: { graphUrl, signatureUrl } } });
    await site.commit({
      'okd.yaml': releaseSet({ channels: [{ name: 'stable-scos', type: 'okd' }] }),
      'good.yaml': releaseSet({ release: good.tagged }),
    });
    const { code, report } = await site.pass();
    expect([code, report.state]).toEqual([3, 'Degraded']);
    const [failure, ...others] = report.failures as readonly ToldFailure[];
    expect(others).toEqual([]);
    expect(failure === undefined ? '' : placeOf(failure)).toBe('okd.yaml:6:9');
    expect(failure?.error.code).toBe('SIGNING_KEYS_INVALID');
    expect(failure?.error.message).toContain('no keys are known that sign releases of OKD');
    expect(failure?.error.hint).toMatch(/^Set releases\.okd\.keysFile to a file with .*2E2F7A4/);
    await expectNotPublished(site, [release]);
    await expectPublished(site, [good]);
    await site.configure();
    expect((await site.pass()).report).toMatchObject({ state: 'Applied', failures: [] });
    await expectPublished(site, [release]);
  });
});

/** The authority of the site's registries. */
function caOf({ site, destination }: ReleaseSite): string {
  return join(site.home, '.config/containers/certs.d', destination.host, 'ca.crt');
}
