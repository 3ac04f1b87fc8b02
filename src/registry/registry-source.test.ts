import { describe, expect, it } from 'vitest';
import { makeImage, seededBytes } from '../../test/support/make-image.ts';
import { testClient } from '../../test/support/registry-client.ts';
import {
  type ScriptedAnswer,
  startScriptedRegistry,
} from '../../test/support/scripted-registry.ts';
import { digestOf } from '../oci/digest.ts';
import type { RegistryReference } from '../oci/reference.ts';

const signal = AbortSignal.timeout(60_000);
const MIB = 1024 * 1024;

function reference(registry: string): RegistryReference {
  return { kind: 'registry', registry, repository: 'team/app', path: 'team/app' };
}

describe('a blob whose body is interrupted', () => {
  const content = seededBytes('blob', 4 * MIB);
  const blob = { mediaType: 'a/b', digest: digestOf(content), size: content.length };

  /** Serves the blob, cutting the n-th answer after so many bytes; returns what arrived and the ranges asked for. */
  async function read(
    cuts: readonly number[],
    options: {
      readonly answer?: (start: number) => ScriptedAnswer;
      readonly now?: () => number;
    } = {},
  ): Promise<{ received: Buffer; ranges: (string | undefined)[] }> {
    let answers = 0;
    await using registry = await startScriptedRegistry(({ headers }) => {
      const range = typeof headers.range === 'string' ? headers.range : undefined;
      const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
      const cutAfter = cuts[answers];
      answers += 1;
      const whole = { status: 200, body: content };
      const part = {
        status: 206,
        headers: { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` },
        body: content.subarray(start),
      };
      const answer = start === 0 ? whole : (options.answer?.(start) ?? part);
      return cutAfter === undefined ? answer : { ...answer, cutAfter };
    });
    await using client = testClient(options.now === undefined ? {} : { now: options.now });
    await using body = await client.source(reference(registry.host)).openBlob(blob, signal);
    const chunks = await Array.fromAsync(body);
    return {
      received: Buffer.concat(chunks),
      ranges: registry.requests.map(({ headers }) => headers.range as string | undefined),
    };
  }

  it('goes on where it broke off, as often as a MiB arrived in between', async () => {
    const { received, ranges } = await read([MIB, MIB + 10, MIB]);
    expect(received.equals(content)).toBe(true);
    expect(ranges).toEqual([
      undefined,
      `bytes=${MIB}-`,
      `bytes=${2 * MIB + 10}-`,
      `bytes=${3 * MIB + 10}-`,
    ]);
  });

  it('fails where resumes bring nothing', async () => {
    await expect(read([MIB, 100, 100])).rejects.toMatchObject({ remedy: 'retry-later' });
  });

  it('is patient when a minute lies between interruptions', async () => {
    let minutes = 0;
    const now = (): number => (minutes += 1) * 60_000;
    const { received } = await read([MIB, 100, 100], { now });
    expect(received.equals(content)).toBe(true);
  });

  it.each([
    ['the whole body again', (): ScriptedAnswer => ({ status: 200, body: content })],
    [
      'another place',
      (start: number): ScriptedAnswer => ({
        status: 206,
        headers: { 'content-range': `bytes ${start + 1}-${content.length - 1}/${content.length}` },
        body: content.subarray(start + 1),
      }),
    ],
    [
      'a part without Content-Range',
      (start: number): ScriptedAnswer => ({ status: 206, body: content.subarray(start) }),
    ],
  ])('is not continued with %s', async (_what, answer) => {
    await expect(read([MIB], { answer })).rejects.toMatchObject({
      code: 'REGISTRY_BROKEN',
      remedy: 'retry-later',
    });
  });

  it('is continued when a proxy ends the body early as if it were complete', async () => {
    await using registry = await startScriptedRegistry(({ headers }) =>
      headers.range === undefined
        ? { status: 200, body: content.subarray(0, 1000) }
        : {
            status: 206,
            headers: { 'content-range': `bytes 1000-${content.length - 1}/${content.length}` },
            body: content.subarray(1000),
          },
    );
    await using client = testClient();
    await using body = await client.source(reference(registry.host)).openBlob(blob, signal);
    expect(Buffer.concat(await Array.fromAsync(body)).equals(content)).toBe(true);
  });
});

it('reads a foreign layer from its URLs where the registry does not have it, without credentials', async () => {
  const content = seededBytes('foreign', 100);
  await using elsewhere = await startScriptedRegistry(({ path }) =>
    path === '/second' ? { status: 200, body: content } : { status: 404 },
  );
  await using registry = await startScriptedRegistry(() => undefined);
  await using client = testClient({
    settings: { credentials: { kind: 'password', username: 'u', password: 'p' } },
  });
  const urls = ['first', 'second'].map((path) => `http://${elsewhere.host}/${path}`);
  const blob = {
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    digest: digestOf(content),
    size: content.length,
    urls: ['ftp://elsewhere.example/layer', 'manifests/v1', ...urls],
  };
  await using body = await client.source(reference(registry.host)).openBlob(blob, signal);
  expect(Buffer.concat(await Array.fromAsync(body)).equals(content)).toBe(true);
  expect(elsewhere.lines()).toEqual(['GET /first', 'GET /second']);
  expect(registry.lines()).toEqual([`GET /v2/team/app/blobs/${blob.digest}`]);
  expect(elsewhere.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
});

describe('a manifest', () => {
  it.each([
    ['other content than its digest', '{"schemaVersion":2}', 'DIGEST_MISMATCH'],
    ['a page of HTML', '<html></html>', 'MANIFEST_INVALID'],
    ['more than 4 MiB', ' '.repeat(4 * MIB + 1), 'REGISTRY_BROKEN'],
  ])('is refused when the answer is %s', async (_what, body, code) => {
    await using registry = await startScriptedRegistry(() => ({ status: 200, body }));
    await using client = testClient();
    const { top } = await makeImage();
    const read = client
      .source(reference(registry.host))
      .readManifest({ kind: 'digest', digest: top.digest }, signal);
    await expect(read).rejects.toMatchObject({ code });
  });

  it('that is not there is REGISTRY_NOT_FOUND', async () => {
    await using registry = await startScriptedRegistry(() => undefined);
    await using client = testClient();
    const source = client.source(reference(registry.host));
    await expect(source.readManifest({ kind: 'tag', tag: 'v1' }, signal)).rejects.toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      remedy: 'wait-for-change',
    });
  });
});

it('is the same object for the same repository, and apart for tags and digests', () => {
  const client = testClient();
  const one = reference('reg.example');
  const digest = digestOf(Buffer.from('x'));
  expect(client.source({ ...one, tag: 'a' })).toBe(client.source({ ...one, tag: 'b' }));
  expect(client.source({ ...one, digest })).toBe(client.source({ ...one, digest, tag: 'a' }));
  expect(client.source({ ...one, digest })).not.toBe(client.source(one));
  expect(client.source({ ...one, repository: 'other' })).not.toBe(client.source(one));
});

it('refuses a blocked registry when it is read, not when it is named', async () => {
  const table = {
    prefix: 'bad.example',
    location: 'bad.example',
    insecure: false,
    blocked: true,
    mirrors: [],
    file: '/etc/containers/registries.conf',
  };
  await using client = testClient({
    registriesConf: { tables: [table], credentialHelpers: undefined },
  });
  const source = client.source(reference('bad.example'));
  await expect(source.readManifest({ kind: 'tag', tag: 'a' }, signal)).rejects.toMatchObject({
    code: 'REGISTRY_BLOCKED',
  });
  const target = client.target({ host: 'bad.example', repository: 'a' });
  await expect(target.listTags(signal)).rejects.toMatchObject({ code: 'REGISTRY_BLOCKED' });
});

it('chooses its endpoint again when the one that served the image fails', async () => {
  const image = await makeImage();
  let isUp = true;
  const manifest = {
    status: 200,
    headers: { 'content-type': image.top.mediaType },
    body: image.top.bytes,
  };
  await using mirror = await startScriptedRegistry(() => (isUp ? manifest : { status: 500 }));
  await using origin = await startScriptedRegistry(() => manifest);
  const table = {
    prefix: 'public.example',
    location: origin.host,
    insecure: true,
    blocked: false,
    mirrors: [{ location: mirror.host, insecure: true, pull: 'all' as const }],
    file: 'r.conf',
  };
  await using client = testClient({
    registriesConf: { tables: [table], credentialHelpers: undefined },
  });
  const source = client.source(reference('public.example'));
  const byDigest = { kind: 'digest', digest: image.top.digest } as const;
  await source.readManifest(byDigest, signal);
  isUp = false;
  await expect(source.readManifest(byDigest, signal)).rejects.toMatchObject({
    code: 'REGISTRY_BROKEN',
  });
  expect(origin.requests).toHaveLength(0);
  await source.readManifest(byDigest, signal);
  expect(origin.requests).toHaveLength(1);
});
