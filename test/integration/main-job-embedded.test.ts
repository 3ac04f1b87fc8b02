import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestTag } from '../../src/oci/digest.ts';
import {
  type RunningEmbeddedRegistry,
  startEmbeddedRegistry,
} from '../support/embedded-registry.ts';
import { type MadeImage, makeImage, makeIndex, makeReferrer } from '../support/make-image.ts';
import { type MirrorSite, imageSet, makeMirrorSite } from '../support/mirror-site.ts';
import { plainRequest } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import { hasProgram } from '../support/run-program.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };
const hasGit = hasProgram('git');

/** docker-registry 2.8 refuses sparse indexes and has no referrers API; ours does both. */
describe.skipIf(!hasGit)(
  `the main job between registries of our own${hasGit ? '' : ' (skipped: git not installed)'}`,
  () => {
    const stack = new AsyncDisposableStack();
    let site: MirrorSite;
    let from: RunningEmbeddedRegistry;
    let to: RunningEmbeddedRegistry;
    let amd64: MadeImage;
    let arm64: MadeImage;
    let index: MadeImage;

    beforeAll(async () => {
      site = stack.use(await makeMirrorSite());
      from = stack.use(await startEmbeddedRegistry());
      to = stack.use(await startEmbeddedRegistry());
      amd64 = await makeImage({ seed: 'amd64' });
      arm64 = await makeImage({ seed: 'arm64', platform: ARM64 });
      index = makeIndex([amd64, arm64]);
      await pushImage(from.endpoint, 'team/app', index, '1.0');
    });
    afterAll(() => stack.disposeAsync());

    async function pass(images: readonly (string | object)[]): ReturnType<MirrorSite['run']> {
      await site.git.commit('main', { 'images.yaml': imageSet(images) });
      return site.run(
        ...['run', '--once', '--source', site.git.url, '--destination', `docker://${to.host}/site`],
        ...['--src-tls-verify=false', '--dest-tls-verify=false'],
      );
    }

    async function there(path: string): Promise<Buffer | undefined> {
      const { status, body } = await plainRequest(to.endpoint, 'GET', `/v2/site/${path}`);
      return status === 200 ? body : undefined;
    }

    it('mirrors the chosen instance of an index, and the index as it is', async () => {
      const name = `${from.host}/team/app:1.0`;
      const { code } = await pass([{ name, platforms: [ARM64] }]);

      expect(code).toBe(0);
      expect(await there('team/app/manifests/1.0')).toEqual(index.top.bytes);
      expect(await there(`team/app/manifests/${arm64.top.digest}`)).toEqual(arm64.top.bytes);
      expect(await there(`team/app/manifests/${amd64.top.digest}`)).toBeUndefined();
      expect((await site.lock()).images).toMatchObject([{ platforms: [ARM64] }]);
    });

    it('brings the other instances when an entry wants them too', async () => {
      const name = `${from.host}/team/app:1.0`;
      const { code, stdout } = await pass([
        { name, platforms: [ARM64] },
        { name, platforms: [AMD64] },
      ]);

      expect(code).toBe(0);
      expect(stdout).toContain('Applied');
      expect(await there(`team/app/manifests/${amd64.top.digest}`)).toEqual(amd64.top.bytes);
      expect((await site.lock()).images).toMatchObject([{ platforms: [AMD64, ARM64] }]);
    });

    it('brings what refers to an image and to its instances, where the API lists it', async () => {
      const note = makeReferrer(index);
      const notes = [note, makeReferrer(arm64, 'application/vnd.example.sbom', 'parts')];
      const scan = makeReferrer(note, 'application/vnd.example.signature', 'signed');
      for (const image of [...notes, scan]) await pushImage(from.endpoint, 'team/app', image);
      const name = `${from.host}/team/app:1.0`;
      await pass([{ name, targetRepo: 'noted/app' }]);

      const listed = await Promise.all(
        [index, arm64, note].map(async ({ top }) => {
          const body = await there(`noted/app/referrers/${top.digest}`);
          const { manifests } = JSON.parse(String(body)) as { manifests: { digest: string }[] };
          return manifests.map(({ digest }) => digest);
        }),
      );
      expect(listed).toEqual([...notes, scan].map(({ top }) => [top.digest]));
      expect(await there(`noted/app/manifests/${digestTag(index.top.digest)}`)).toBeUndefined();
    });
  },
);
