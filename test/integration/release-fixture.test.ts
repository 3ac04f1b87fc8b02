import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PublicKey, readKey, readMessage } from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainRequest } from '../support/plain-request.ts';
import { makeRelease } from '../support/releases/make-release.ts';
import { type ReleaseSite, openReleaseSite, releaseSet } from '../support/releases/release-site.ts';
import { signRelease, signatureText } from '../support/releases/sign-release.ts';
import { makeSigningKey } from '../support/releases/signing-key.ts';
import { openUpdateService } from '../support/releases/update-service.ts';
import { hasProgram, runProgram } from '../support/run-program.ts';
import { inspectRaw } from '../support/skopeo.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const signature = {
  digest: DIGEST,
  reference: 'quay.io/openshift-release-dev/ocp-release:4.18.1-x86_64',
};

describe('releases', () => {
  const host = '127.0.0.1:5000';

  it('are the same bytes for the same options, and share components of one seed', async () => {
    const components = ['cli', { name: 'etcd', seed: 'etcd 1' }];
    const first = await makeRelease({ host, version: '4.18.1', components });
    const again = await makeRelease({ host, version: '4.18.1', components });
    const next = await makeRelease({
      ...{ host, version: '4.18.2' },
      components: ['cli', { name: 'etcd', seed: 'etcd 2' }],
    });

    expect(again.digest).toBe(first.digest);
    expect(next.digest).not.toBe(first.digest);
    expect(next.components[0]?.reference).toBe(first.components[0]?.reference);
    expect(next.components[1]?.reference).not.toBe(first.components[1]?.reference);
  });

  it.each([
    { architecture: 'arm64', tag: '4.18.1-aarch64', kind: 'manifest' },
    { architecture: 'multi', tag: '4.18.1-multi', kind: 'manifest.list' },
  ] as const)('of $architecture are a $kind', async ({ architecture, tag, kind }) => {
    const release = await makeRelease({ host, version: '4.18.1', architecture });

    expect(release.tag).toBe(tag);
    const mediaType = `application/vnd.docker.distribution.${kind}.v2+json`;
    expect(release.payload.top.mediaType).toBe(mediaType);
    expect(release.components.map(({ image }) => image.top.mediaType)).toEqual(
      release.components.map(() => mediaType),
    );
  });
});

describe('signatures', () => {
  async function check(bytes: Uint8Array): Promise<{ text: string; verdict: unknown }> {
    const { armoured } = makeSigningKey('release');
    const message = await readMessage({ binaryMessage: bytes });
    const key: PublicKey = (await readKey({ armoredKey: armoured })).toPublic();
    const [result] = await message.verify([key]);
    const verdict = await result?.verified.catch((error: unknown) => String(error));
    return { text: String(message.getText()), verdict };
  }

  it.each([true, false])('verify, compressed or not (%s)', async (compressed) => {
    const bytes = signRelease({ ...signature, key: makeSigningKey('release'), compressed });

    expect(await check(bytes)).toEqual({ text: signatureText(signature), verdict: true });
  });

  it.each([
    { what: 'have expired', over: { expired: true }, reason: /expired/ },
    { what: 'were changed', over: { changedTo: '{}' }, reason: /did not match/ },
    { what: 'a stranger made', over: { key: makeSigningKey('stranger') }, reason: /not find/ },
  ])('that $what do not', async ({ over, reason }) => {
    const bytes = signRelease({ ...signature, key: makeSigningKey('release'), ...over });

    expect(String((await check(bytes)).verdict)).toMatch(reason);
  });

  it.skipIf(!hasProgram('gpgv'))(
    'verify with GnuPG (skipped where it is not installed)',
    async () => {
      await using folder = await temporaryFolder();
      const key = makeSigningKey('release');
      const [keyFile, file] = [join(folder.path, 'key.gpg'), join(folder.path, 'signature-1')];
      await writeFile(keyFile, key.binary);
      await writeFile(file, signRelease({ ...signature, key }));

      const { code } = await runProgram('gpgv', ['--keyring', keyFile, file]);

      expect(code).toBe(0);
    },
  );
});

describe('the update service', () => {
  const nodes = ['4.18.1', '4.18.2'].map((version) => ({
    version,
    payload: `quay.io/r:${version}`,
  }));
  const headers = { accept: 'application/json' };

  it('answers with graphs, and with 304 to who has them', async () => {
    await using service = await openUpdateService();
    service.setGraph('amd64', 'stable-4.18', { nodes, edges: [['4.18.1', '4.18.2']] });
    const endpoint = { url: `http://${service.host}` };
    const path = '/api/upgrades_info/v1/graph?arch=amd64&channel=stable-4.18';

    const first = await plainRequest(endpoint, 'GET', path, { headers });
    const etag = String(first.headers.etag);
    const again = await plainRequest(endpoint, 'GET', path, {
      headers: { ...headers, 'if-none-match': etag },
    });

    expect(JSON.parse(first.body.toString())).toMatchObject({
      version: 1,
      nodes: nodes.map((node) => ({ ...node, metadata: {} })),
      edges: [[0, 1]],
      conditionalEdges: [],
    });
    expect(again.status).toBe(304);
    expect(service.requests('graph')).toEqual([path, path]);
  });

  it.each([
    { query: 'arch=amd64&channel=unknown-1.0', status: 200, body: { nodes: [] } },
    { query: 'arch=amd64', status: 400, body: { kind: 'missing_params' } },
    { query: 'arch=amd64&channel=a_b', status: 400, body: { kind: 'invalid_params' } },
    { query: 'arch=A&channel=a', status: 400, body: { kind: 'invalid_params' } },
  ])('answers $query with $status', async ({ query, status, body }) => {
    await using service = await openUpdateService();
    const url = new URL(service.graphUrl);

    const answer = await plainRequest({ url: url.origin }, 'GET', `${url.pathname}?${query}`, {
      headers,
    });

    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body.toString())).toMatchObject(body);
  });

  it('has all nodes in every channel of OKD', async () => {
    await using service = await openUpdateService();
    service.setOkdGraph('4-scos-stable', { nodes: nodes.slice(0, 1) });
    service.setOkdGraph('4-scos-next', { nodes: nodes.slice(1) });
    const url = new URL(service.okdGraphUrl);

    const answer = await plainRequest({ url: url.origin }, 'GET', `${url.pathname}?channel=x`, {
      headers,
    });

    const graph = JSON.parse(answer.body.toString()) as { nodes: unknown[]; edges: unknown[] };
    expect(graph.nodes).toHaveLength(2);
    expect(graph.edges).toEqual([]);
  });

  it('fails when it is told to', async () => {
    await using service = await openUpdateService();
    const url = { url: `http://${service.host}` };
    service.setGraphData(Buffer.from('x'));
    service.fail('graph-data', 503);
    expect((await plainRequest(url, 'GET', '/graph-data')).status).toBe(503);
    service.fail('graph-data', 'drop');
    await expect(plainRequest(url, 'GET', '/graph-data')).rejects.toThrow();
    service.fail('graph-data', undefined);
    expect((await plainRequest(url, 'GET', '/graph-data')).status).toBe(200);
  });
});

describe('the site', () => {
  let site: ReleaseSite;

  beforeAll(async () => {
    site = await openReleaseSite();
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  it('has releases, their channels and their signatures', async () => {
    const release = await site.addRelease({ version: '4.18.1', bootImages: { x86_64: 'one' } });
    const okd = await site.addRelease({ version: '4.18.0-okd-scos.8', okd: true });
    site.addChannel('stable-4.18', { versions: ['4.17.9', '4.18.1'] });
    const { service, source } = site;

    const references = [...release.components, ...release.bootImages.values()];
    for (const { reference } of [release, okd, ...references, ...okd.components]) {
      const [name = '', digest = ''] = reference.split('@');
      const path = `/v2/${name.slice(source.host.length + 1)}/manifests/${digest}`;
      expect((await plainRequest(source.endpoint, 'HEAD', path)).status).toBe(200);
    }
    for (const [base, { digest, tagged }, key] of [
      [service.signatureUrl, release, site.key],
      [service.okdSignatureUrl, okd, site.okdKey],
    ] as const) {
      const { origin, pathname } = new URL(base);
      const path = `${pathname}${digest.replace(':', '=')}/signature-`;
      const { body } = await plainRequest({ url: origin }, 'GET', `${path}1`);
      expect(body.equals(signRelease({ digest, reference: tagged, key }))).toBe(true);
      expect((await plainRequest({ url: origin }, 'GET', `${path}2`)).status).toBe(404);
    }
    const url = new URL(service.graphUrl);
    const query = `${url.pathname}?channel=stable-4.18&arch=amd64`;
    const headers = { accept: 'application/json' };
    const graph = await plainRequest({ url: url.origin }, 'GET', query, { headers });
    expect(JSON.parse(graph.body.toString())).toMatchObject({
      nodes: [{ version: '4.17.9' }, { version: '4.18.1', payload: release.reference }],
      edges: [[0, 1]],
    });
  });

  it.skipIf(!hasProgram('skopeo'))(
    'has images that skopeo reads (skipped where it is not installed)',
    async () => {
      const release = await site.addRelease({ version: '4.18.3', architecture: 'multi' });

      const payload = await inspectRaw(`docker://${release.tagged}`);
      const base = await inspectRaw(`docker://${site.graphBase}`);

      expect(payload.equals(release.payload.top.bytes)).toBe(true);
      expect((JSON.parse(base.toString()) as { manifests: unknown[] }).manifests).toHaveLength(4);
    },
  );

  it('runs mirror and the controller between its registries', async () => {
    const set = releaseSet(undefined, { additionalImages: [{ name: site.graphBase }] });

    const mirrored = await site.mirror(set);
    const places = await site.places();
    await site.lose('ubi9/ubi:latest');
    await site.commit({ 'isc.yaml': set });
    const pass = await site.pass();

    expect(mirrored).toMatchObject({ code: 0 });
    expect(places).toEqual(['ubi9/ubi:latest']);
    expect(pass).toMatchObject({ code: 0, report: { state: 'Applied' } });
    expect(await site.there('ubi9/ubi:latest')).toBeDefined();
  });
});
