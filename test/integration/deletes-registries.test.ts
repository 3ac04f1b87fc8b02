import { describe, expect, it } from 'vitest';
import { digestTag } from '../../src/oci/digest.ts';
import { makeCosignSignature, makeImage, makeIndex, makeReferrer } from '../support/make-image.ts';
import { type MirroredSite, startMirroredSite } from '../support/mirrored-site.ts';
import { pushImage } from '../support/push-image.ts';
import { hasProgram } from '../support/run-program.ts';
import { deleteSet, imageSet } from '../support/site.ts';

const REGISTRIES = [
  { kind: 'embedded', canDeleteTags: true },
  { kind: 'docker-registry', canDeleteTags: false },
] as const;

describe.each(REGISTRIES)('at $kind', ({ kind, canDeleteTags }) => {
  const test = it.skipIf(kind === 'docker-registry' && !hasProgram('docker-registry'));

  test('deletes an image with its signature, its referrers and theirs', async () => {
    await using prod = await startMirroredSite({ destination: kind });
    const { site, source } = prod;
    const [app = ''] = await prod.fill('team/app:1.0');
    const image = await makeImage({ seed: 'web' });
    const signature = makeCosignSignature(image.top.digest);
    const sbom = makeReferrer(image, 'application/spdx+json');
    await pushImage(source.endpoint, 'team/web', image, '1.0');
    await pushImage(source.endpoint, 'team/web', signature.image, signature.tag);
    await pushImage(source.endpoint, 'team/web', sbom);
    await pushImage(source.endpoint, 'team/web', makeReferrer(sbom));
    const web = prod.ref('team/web:1.0');
    await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
    await site.pass();
    const names = ['1.0', signature.tag, sbom.top.digest];
    for (const name of names) expect(await status(prod, 'team/web', name)).toBe(200);

    await site.git.commit('main', {
      'base.yaml': imageSet([app]),
      'delete.yaml': deleteSet([web]),
    });
    const pass = await site.pass();

    expect(pass.first).toMatchObject({ state: 'Applied', deleted: 1, warnings: [] });
    expect(await status(prod, 'team/web', image.top.digest)).toBe(404);
    expect(await status(prod, 'team/web', signature.tag)).toBe(404);
    // docker-registry 2.8 cannot list referrers: they are left to its garbage collection.
    expect(await status(prod, 'team/web', sbom.top.digest)).toBe(canDeleteTags ? 404 : 200);
    expect(await status(prod, 'team/app', '1.0')).toBe(200);
  });

  test('never deletes a manifest that somebody else gave a tag to', async () => {
    await using prod = await startMirroredSite({ destination: kind });
    const { site } = prod;
    const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
    await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
    await site.pass();
    await prod.put('team/web:mine', await makeImage({ seed: 'team/web:1.0' }));
    await site.git.commit('main', {
      'base.yaml': imageSet([app]),
      'delete.yaml': deleteSet([web]),
    });

    const pass = await site.pass();

    expect(await prod.has('team/web:mine')).toBeDefined();
    await expectTagGoneOrHeld(prod, pass.first, canDeleteTags, /tag mine names it too/);
  });

  test('never deletes a manifest that an index has which stays', async () => {
    await using prod = await startMirroredSite({ destination: kind });
    const { site, source } = prod;
    const amd64 = await makeImage({ seed: 'amd64' });
    const other = await makeImage({
      seed: 'arm64',
      platform: { os: 'linux', architecture: 'arm64' },
    });
    await pushImage(source.endpoint, 'team/web', makeIndex([amd64, other]), 'all');
    await pushImage(source.endpoint, 'team/web', amd64, '1.0');
    const [all, web] = [prod.ref('team/web:all'), prod.ref('team/web:1.0')];
    await site.git.commit('main', { 'base.yaml': imageSet([all, web]) });
    await site.pass();
    await site.git.commit('main', {
      'base.yaml': imageSet([all]),
      'delete.yaml': deleteSet([web]),
    });

    const pass = await site.pass();

    expect(await status(prod, 'team/web', amd64.top.digest)).toBe(200);
    await expectTagGoneOrHeld(prod, pass.first, canDeleteTags, /index sha256:\w+, which stays/);
  });

  test('leaves the instances of a deleted index to the garbage collection', async () => {
    await using prod = await startMirroredSite({ destination: kind });
    const { site, source } = prod;
    const [app = ''] = await prod.fill('team/app:1.0');
    const amd64 = await makeImage({ seed: 'amd64' });
    const index = makeIndex([amd64]);
    await pushImage(source.endpoint, 'team/web', index, 'all');
    const all = prod.ref('team/web:all');
    await site.git.commit('main', { 'base.yaml': imageSet([app, all]) });
    await site.pass();
    await site.git.commit('main', {
      'base.yaml': imageSet([app]),
      'delete.yaml': deleteSet([all]),
    });

    expect((await site.pass()).first).toMatchObject({ deleted: 1 });
    expect(await status(prod, 'team/web', index.top.digest)).toBe(404);
    expect(await status(prod, 'team/web', amd64.top.digest)).toBe(200);
  });

  test('deletes what was asked for by digest under its tag for digests', async () => {
    await using prod = await startMirroredSite({ destination: kind });
    const { site } = prod;
    const [app = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
    const { digest } = (await makeImage({ seed: 'team/web:1.0' })).top;
    const web = prod.ref(`team/web@${digest}`);
    await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
    await site.pass();
    expect(await prod.has(`team/web:${digestTag(digest)}`)).toBe(digest);
    await site.git.commit('main', {
      'base.yaml': imageSet([app]),
      'delete.yaml': deleteSet([web]),
    });

    expect((await site.pass()).first).toMatchObject({ deleted: 1 });
    expect(await status(prod, 'team/web', digest)).toBe(404);
  });
});

describe.skipIf(!hasProgram('docker-registry'))('at a docker-registry', () => {
  it('holds deletes where they are disabled, says what to do, and asks once', async () => {
    await using prod = await startMirroredSite({
      destination: 'docker-registry',
      deleteEnabled: false,
    });
    const { site } = prod;
    const [app = '', web = ''] = await prod.fill('team/app:1.0', 'team/web:1.0');
    await site.git.commit('main', { 'base.yaml': imageSet([app, web]) });
    await site.pass();
    await site.git.commit('main', {
      'base.yaml': imageSet([app]),
      'delete.yaml': deleteSet([web]),
    });

    const pass = await site.pass();

    expect(pass).toMatchObject({ code: 0, first: { deleted: 0 } });
    expect(pass.first.held).toHaveLength(1);
    expect(pass.first.held[0]?.why).toContain('REGISTRY_STORAGE_DELETE_ENABLED=true');
    expect(await prod.has('team/web:1.0')).toBeDefined();
    await expectQuiet(prod);

    // A change of the file that asks for it tries again.
    await site.git.commit('main', { 'delete.yaml': `# again\n${deleteSet([web])}` });
    const before = (await prod.destination.requests()).length;
    await site.pass();
    const asked = (await prod.destination.requests()).slice(before);
    expect(asked.some(({ method }) => method === 'DELETE')).toBe(true);
  });
});

async function status(prod: MirroredSite, repository: string, name: string): Promise<number> {
  return (await prod.ask('HEAD', `${repository}/manifests/${name}`)).status;
}

/** Where tags go alone the tag `team/web:1.0` is gone; elsewhere it is held, and nobody asks again. */
async function expectTagGoneOrHeld(
  prod: MirroredSite,
  report: Awaited<ReturnType<MirroredSite['site']['pass']>>['first'],
  canDeleteTags: boolean,
  why: RegExp,
): Promise<void> {
  if (canDeleteTags) {
    expect(report).toMatchObject({ deleted: 1, held: [] });
    expect(await prod.has('team/web:1.0')).toBeUndefined();
  } else {
    expect(report).toMatchObject({ deleted: 0, held: [{ destination: 'team/web:1.0' }] });
    expect(report.held[0]?.why).toMatch(why);
    expect(report.held[0]?.why).toContain('cannot delete a tag alone');
    expect((await prod.site.lock('prod')).deleting).toMatchObject([{ held: report.held[0]?.why }]);
  }
  await expectQuiet(prod);
}

async function expectQuiet(prod: MirroredSite): Promise<void> {
  const before = await prod.requestCount();
  const again = await prod.site.pass();
  expect(again.first).toMatchObject({ state: 'Unchanged', commits: [], deleted: 0 });
  expect(await prod.requestCount()).toBe(before);
}
