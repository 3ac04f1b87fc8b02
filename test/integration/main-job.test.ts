import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { forEachConcurrently } from '../../src/base/for-each-concurrently.ts';
import { makeCertificateAuthority } from '../support/certificates.ts';
import { CRDS_MISSING, crdValidator } from '../support/crd.ts';
import { type RunningDockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import {
  type SourceImage,
  TAG,
  destinationTag,
  entryOf,
  fortyImages,
  pushSourceImage,
} from '../support/forty-images.ts';
import { type MirrorSite, imageSet, makeMirrorSite } from '../support/mirror-site.ts';
import { hasProgram } from '../support/run-program.ts';
import { inspectRaw } from '../support/skopeo.ts';
import { type TokenServer, startTokenServer } from '../support/token-server.ts';

const needed = ['docker-registry', 'skopeo', 'openssl'].filter((program) => !hasProgram(program));
const skipped = needed.length === 0 ? '' : ` (skipped: ${needed.join(', ')} not installed)`;
const READER = 'reader:read me:please';
const WRITER = 'robot$writer:secret';

describe.skipIf(needed.length > 0)(
  `forty images between docker-registries with TLS, passwords and tokens${skipped}`,
  () => {
    const images: SourceImage[] = [];
    let stack: AsyncDisposableStack;
    let site: MirrorSite;
    let from: RunningDockerRegistry;
    let to: RunningDockerRegistry;
    let tokens: TokenServer;
    let flags: string[];

    beforeAll(async () => {
      stack = new AsyncDisposableStack();
      images.push(...(await fortyImages()));
      site = stack.use(await makeMirrorSite());
      const authority = await makeCertificateAuthority(site.folder);
      const { certificateFile, keyFile } = await authority.issueServer();
      const tls = { certificateFile, keyFile, ca: authority.ca };
      const allowedUrls = ['^https://foreign\\.example\\.com/'];
      const [[reader = '', readerPassword = ''], [writer = '', password = '']] = [
        READER,
        WRITER,
      ].map((account) => [account.split(':')[0], account.split(':').slice(1).join(':')]) as [
        string[],
        string[],
      ];
      from = stack.use(
        await startDockerRegistry({ tls, allowedUrls, users: { [reader]: readerPassword } }),
      );
      const mayDo = (): string[] => ['pull', 'push', 'delete'];
      const users = { [writer]: { password, mayDo } };
      tokens = stack.use(await startTokenServer({ users, tls }));
      to = stack.use(await startDockerRegistry({ tls, allowedUrls, tokenServer: tokens }));
      const limits = { limit: 4, signal: AbortSignal.timeout(60_000) };
      await forEachConcurrently(images, limits, (image) =>
        pushSourceImage(from.endpoint, image, { hasReferrersApi: false }),
      );
      await site.trust(from.host, authority.ca);
      await site.trust(to.host, authority.ca);
      await site.trust(new URL(tokens.realm).host, authority.ca);
      await site.logIn({ [from.host]: READER, [to.host]: WRITER });
      const names = images.map((image) => entryOf(from.host, image));
      await site.git.commit(
        'main',
        {
          'imagesets/first.yaml': imageSet(names.slice(0, 25)),
          'imagesets/second.yaml': imageSet(names.slice(25)),
          'README.md': 'Our image sets.\n',
        },
        { message: 'Mirror forty images' },
      );
      flags = ['--source', site.git.url, '--destination', `docker://${to.host}/site`];
    }, 120_000);
    afterAll(() => stack.disposeAsync());

    const skopeoOfSource = (): Parameters<typeof inspectRaw>[1] => ({
      certificateFolder: `${site.home}/.config/containers/certs.d/${from.host}`,
      credentials: READER,
    });
    const skopeoOfDestination = (): Parameters<typeof inspectRaw>[1] => ({
      certificateFolder: `${site.home}/.config/containers/certs.d/${to.host}`,
      credentials: WRITER,
    });

    it('mirrors all of them, run as a process', async () => {
      expect(images).toHaveLength(40);

      const { code, stdout, stderr } = await site.runProcess('run', '--once', ...flags);

      expect(stdout).toMatch(/^default: Applied at [0-9a-f]{12}: 40 added, 0 gone, 40 in total/);
      expect(code).toBe(0);
      expect((await site.lock()).images).toHaveLength(40);
      expect(stdout + stderr).not.toContain('secret');
      expect(stdout + stderr).not.toContain('please');
    }, 120_000);

    it('leaves bytes at the destination that are those of the source, as skopeo reads them', async () => {
      const differing: string[] = [];
      for (const image of images) {
        const { repository } = image;
        const source = await inspectRaw(
          `docker://${from.host}/${repository}@${image.image.top.digest}`,
          skopeoOfSource(),
        );
        const place = `docker://${to.host}/site/${repository}`;
        const there = await inspectRaw(`${place}:${destinationTag(image)}`, skopeoOfDestination());
        if (!source.equals(there)) differing.push(repository);
      }
      expect(differing).toEqual([]);
    }, 120_000);

    it('brings cosign tags under their names and referrers by digest, with the instances of indexes', async () => {
      for (const { repository, image, cosign, referrers } of images) {
        const place = `docker://${to.host}/site/${repository}`;
        const options = skopeoOfDestination();
        for (const { tag, image: signature } of cosign)
          expect(await inspectRaw(`${place}:${tag}`, options)).toEqual(signature.top.bytes);
        for (const { digest, bytes } of [
          ...image.manifests.slice(0, -1),
          ...referrers.map(({ top }) => top),
        ])
          expect(await inspectRaw(`${place}@${digest}`, options)).toEqual(bytes);
      }
    }, 120_000);

    it('writes no fallback tag of referrers, where an image by digest would be', async () => {
      const tagPuts = (await to.requests())
        .filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/'))
        .flatMap(
          ({ path }) => /^\/v2\/(site\/referred\/[^/]+)\/manifests\/([^?]+)/.exec(path)?.[2] ?? [],
        );
      expect(tagPuts.filter((name) => !name.startsWith('sha256:'))).toEqual([TAG, TAG]);
    });

    it.skipIf(CRDS_MISSING !== '')(
      `writes mirror sets that OpenShift's definitions accept${CRDS_MISSING}`,
      async () => {
        for (const [kind, file] of [
          ['ImageDigestMirrorSet', 'idms-oc-mirror.yaml'],
          ['ImageTagMirrorSet', 'itms-oc-mirror.yaml'],
        ] as const) {
          const resource: unknown = parseYaml((await site.published(`resources/${file}`)) ?? '');
          expect(resource).toMatchObject({ kind });
          expect(crdValidator(kind)(resource)).toEqual([]);
        }
      },
    );

    /** What a run asked of everybody, and whether it published. */
    async function counted(): Promise<{
      code: number;
      registryRequests: number;
      commits: number;
      gitCalls: string[];
    }> {
      // Reading an access log asks for an anonymous token itself.
      const asked = (): number => tokens.requests.filter(({ account }) => account !== '').length;
      const count = async (): Promise<number> =>
        (await from.requests()).length + (await to.requests()).length + asked();
      const before = {
        requests: await count(),
        commits: (await site.commits()).length,
        calls: (await site.gitCalls()).length,
      };
      const { code } = await site.run('run', '--once', ...flags);
      return {
        code,
        registryRequests: (await count()) - before.requests,
        commits: (await site.commits()).length - before.commits,
        gitCalls: (await site.gitCalls()).slice(before.calls),
      };
    }

    it('asks Git once and no registry anything in a second run on the same commit', async () => {
      expect(await counted()).toEqual({
        code: 0,
        registryRequests: 0,
        commits: 0,
        gitCalls: ['ls-remote'],
      });
    });

    it('makes no commit for one that touches no image set', async () => {
      await site.git.commit('main', { 'README.md': 'Our image sets, and why.\n' });

      const { gitCalls, ...rest } = await counted();

      expect(rest).toEqual({ code: 0, registryRequests: 0, commits: 0 });
      expect(gitCalls).toEqual(['ls-remote', 'fetch']);
    });

    it('asks no registry anything with a new state directory either', async () => {
      await site.removeState();

      const { gitCalls, ...rest } = await counted();

      expect(rest).toEqual({ code: 0, registryRequests: 0, commits: 0 });
      expect(gitCalls.sort()).toEqual(['fetch', 'fetch', 'ls-remote']);
    });
  },
);
