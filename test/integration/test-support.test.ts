import { join } from 'node:path';
import { mkdir, copyFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { makeCertificateAuthority } from '../support/certificates.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import {
  makeArtifact,
  makeCosignSignature,
  makeImage,
  makeIndex,
  makeReferrer,
} from '../support/make-image.ts';
import { plainRequest } from '../support/plain-request.ts';
import { pushImage } from '../support/push-image.ts';
import { hasProgram } from '../support/run-program.ts';
import { inspectRaw, skopeoCopy } from '../support/skopeo.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTokenServer } from '../support/token-server.ts';

const hasRegistry = hasProgram('docker-registry');
const hasTools = hasRegistry && hasProgram('skopeo') && hasProgram('openssl');

it('makes the same image twice, and another one of another seed', async () => {
  const first = await makeImage({ seed: 'a', compression: 'zstd' });
  const again = await makeImage({ seed: 'a', compression: 'zstd' });
  const other = await makeImage({ seed: 'b', compression: 'zstd' });
  expect(again.top.digest).toBe(first.top.digest);
  expect([...other.blobs.keys()].some((digest) => first.blobs.has(digest))).toBe(false);
});

describe.skipIf(!hasRegistry)('with docker-registry (skipped where it is not installed)', () => {
  it('pushes images, indexes, artifacts and signatures that a stock registry takes', async () => {
    await using registry = await startDockerRegistry();
    const amd64 = await makeImage({ seed: 'amd64' });
    const arm64 = await makeImage({
      seed: 'arm64',
      platform: { os: 'linux', architecture: 'arm64' },
      mediaTypes: 'docker',
      compression: 'none',
    });
    const index = makeIndex([makeIndex([amd64]), arm64]);
    const signature = makeCosignSignature(index.top.digest);
    const artifact = makeArtifact({
      artifactType: 'application/vnd.example',
      layers: [{ mediaType: 'text/plain', content: 'x' }],
    });
    await pushImage(registry.endpoint, 'team/app', index, 'v1');
    await pushImage(registry.endpoint, 'team/app', signature.image, signature.tag);
    await pushImage(registry.endpoint, 'team/app', artifact, 'artifact');
    await pushImage(registry.endpoint, 'team/app', makeReferrer(index));

    const tags = await plainRequest(registry.endpoint, 'GET', '/v2/team/app/tags/list');

    const list = JSON.parse(tags.body.toString()) as { tags: string[] };
    expect(list.tags.sort()).toEqual(['artifact', signature.tag, 'v1']);
    const requests = await registry.requests();
    expect(requests.at(-1)).toEqual({ method: 'GET', path: '/v2/team/app/tags/list', status: 200 });
    expect(
      requests.filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/')),
    ).toHaveLength(7);
  });

  it('refuses foreign URLs unless they are allowed', async () => {
    const image = await makeImage({ foreignLayer: ['https://layers.example.com/one'] });
    await using strict = await startDockerRegistry({
      allowedUrls: ['^https://other[.]example[.]com/'],
    });
    await using open = await startDockerRegistry({
      allowedUrls: ['^https://layers[.]example[.]com/'],
    });
    await expect(pushImage(strict.endpoint, 'app', image, 'v1')).rejects.toThrow(/got [45]00/);
    await pushImage(open.endpoint, 'app', image, 'v1');
  });

  it('deletes, or refuses to, or refuses every write', async () => {
    const image = await makeImage();
    const path = `/v2/app/manifests/${image.top.digest}`;
    await using deleting = await startDockerRegistry();
    await pushImage(deleting.endpoint, 'app', image, 'v1');
    await using keeping = await startDockerRegistry({
      storageFolder: deleting.storageFolder,
      deleteEnabled: false,
    });
    await using readOnly = await startDockerRegistry({
      storageFolder: deleting.storageFolder,
      readOnly: true,
    });
    expect((await plainRequest(keeping.endpoint, 'DELETE', path)).status).toBe(405);
    await expect(pushImage(readOnly.endpoint, 'app', image, 'v2')).rejects.toThrow('405');
    expect((await plainRequest(deleting.endpoint, 'DELETE', path)).status).toBe(202);
  });
});

describe.skipIf(!hasTools)(
  'with docker-registry, skopeo and openssl (skipped where one is missing)',
  () => {
    it('serves over TLS with passwords, to skopeo too', async () => {
      await using folder = await temporaryFolder();
      const authority = await makeCertificateAuthority(folder.path);
      const server = await authority.issueServer();
      await using registry = await startDockerRegistry({
        tls: { ...server, ca: authority.ca },
        users: { ann: 'secret' },
      });
      const certificateFolder = join(folder.path, 'certs');
      await mkdir(certificateFolder);
      await copyFile(authority.caFile, join(certificateFolder, 'ca.crt'));
      const image = await makeImage({ annotations: { 'org.example': 'yes' } });
      await pushImage(registry.endpoint, 'app', image, 'v1');

      const raw = await inspectRaw(`docker://${registry.host}/app:v1`, {
        certificateFolder,
        credentials: 'ann:secret',
      });
      const refused = await skopeoCopy(
        `docker://${registry.host}/app:v1`,
        `dir:${folder.path}/out`,
        { source: { certificateFolder } },
      );

      expect(raw.equals(image.top.bytes)).toBe(true);
      expect(refused.stderr).toContain('authentication required');
      const { url } = registry.endpoint;
      await expect(plainRequest({ url }, 'GET', '/v2/')).rejects.toMatchObject({
        code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      });
    });

    it('issues expired certificates and certificates for other names', async () => {
      await using folder = await temporaryFolder();
      const authority = await makeCertificateAuthority(folder.path);
      const expired = await authority.issueServer({ expired: true });
      const elsewhere = await authority.issueServer({ names: ['other.example.com'] });
      await using late = await startDockerRegistry({ tls: { ...expired, ca: authority.ca } });
      await using wrong = await startDockerRegistry({ tls: { ...elsewhere, ca: authority.ca } });
      await expect(plainRequest(late.endpoint, 'GET', '/v2/')).rejects.toMatchObject({
        code: 'CERT_HAS_EXPIRED',
      });
      await expect(plainRequest(wrong.endpoint, 'GET', '/v2/')).rejects.toMatchObject({
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
    });

    it('asks a token server who may push, pull and delete', async () => {
      const mayDo = (repository: string): string[] =>
        repository.startsWith('ann/') ? ['pull', 'push'] : ['pull'];
      await using tokenServer = await startTokenServer({
        users: { ann: { password: 'secret', mayDo } },
        anonymous: () => ['pull'],
      });
      await using registry = await startDockerRegistry({ tokenServer });
      const ann = { ...registry.endpoint, username: 'ann', password: 'secret' };
      const image = await makeImage();
      await pushImage(ann, 'ann/app', image, 'v1');

      expect(
        (await plainRequest(registry.endpoint, 'GET', '/v2/ann/app/manifests/v1')).status,
      ).toBe(200);
      expect(
        (await plainRequest(ann, 'DELETE', `/v2/ann/app/manifests/${image.top.digest}`)).status,
      ).toBe(401);
      await expect(pushImage(ann, 'bob/app', image, 'v1')).rejects.toThrow('401');
      expect(tokenServer.requests).toContainEqual({
        method: 'GET',
        account: '',
        scopes: ['repository:ann/app:pull'],
      });
    });
  },
);
