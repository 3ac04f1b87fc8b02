import { expect, it } from 'vitest';
import { makeImage, makeIndex, makeReferrer } from '../../../test/support/make-image.ts';
import { testClient } from '../../../test/support/registry-client.ts';
import {
  type ScriptedAnswer,
  type SeenRequest,
  startScriptedRegistry,
} from '../../../test/support/scripted-registry.ts';
import { digestTag } from '../../oci/digest.ts';
import type { Attachments, ImageSource } from '../../oci/ends.ts';

const signal = AbortSignal.timeout(60_000);
const image = await makeImage();
const other = await makeImage({ seed: 'other' });
const { digest } = image.top;
const TAG = digestTag(digest);
const referrer = makeReferrer(image);
const NONE: Attachments = { tags: [], referrers: [] };
const NO_API: ScriptedAnswer = { status: 404, body: '404 page not found\n' };

function tags(...names: string[]): ScriptedAnswer {
  return { status: 200, body: JSON.stringify({ tags: names }) };
}

function index(...manifests: object[]): ScriptedAnswer {
  return { status: 200, body: JSON.stringify({ schemaVersion: 2, manifests }) };
}

/** Calls `work` with a source at a host that answers by the kind of request; returns what was asked. */
async function withSource(
  answers: {
    readonly list: (request: SeenRequest) => ScriptedAnswer;
    readonly referrers: (request: SeenRequest) => ScriptedAnswer;
    readonly manifests?: (request: SeenRequest) => ScriptedAnswer;
  },
  work: (source: ImageSource) => Promise<void>,
  now?: () => number,
): Promise<string[]> {
  await using registry = await startScriptedRegistry((request) => {
    if (request.path.includes('/tags/list')) return answers.list(request);
    if (request.path.includes('/referrers/')) return answers.referrers(request);
    return answers.manifests?.(request);
  });
  await using client = testClient(now === undefined ? {} : { now });
  await work(
    client.source({ kind: 'registry', registry: registry.host, repository: 'app', path: 'app' }),
  );
  return registry.lines().map((line) => line.replaceAll(digest, 'D').replaceAll(TAG, 'T'));
}

it('reads the referrers API page by page, and never the fallback tag beside it', async () => {
  const second = makeReferrer(image, 'application/x', 'second');
  const lines = await withSource(
    {
      list: () => tags(TAG, `${TAG}.sig`, `${TAG}.att`, `${TAG}.exe`),
      referrers: ({ path }) =>
        path.includes('page=2')
          ? index(second.descriptor, { digest: 'no digest' })
          : {
              ...index(referrer.descriptor, image.descriptor),
              headers: { link: `</v2/app/referrers/${digest}?page=2>; rel="next"` },
            },
    },
    async (source) => {
      expect(await source.findAttachments(digest, signal)).toEqual({
        tags: [`${TAG}.att`, `${TAG}.sig`],
        referrers: [referrer.descriptor, second.descriptor],
      });
    },
  );
  expect(lines).toEqual([
    'GET /v2/app/tags/list',
    'GET /v2/app/referrers/D',
    'GET /v2/app/referrers/D?page=2',
  ]);
});

it.each([
  ['that was built from it', makeIndex([other]), digest],
  ['that it is itself', makeIndex([referrer]), makeIndex([referrer]).top.digest],
])('takes an index under the digest tag %s for no list of referrers', async (_what, there, of) => {
  await withSource(
    {
      list: () => tags(digestTag(of)),
      referrers: () => NO_API,
      manifests: () => ({
        status: 200,
        headers: { 'content-type': there.top.mediaType },
        body: there.top.bytes,
      }),
    },
    async (source) => {
      expect(await source.findAttachments(of, signal)).toEqual(NONE);
    },
  );
});

it.each([
  [
    'has more than a MiB',
    (): ScriptedAnswer => ({ status: 200, body: ' '.repeat(1024 * 1024 + 1) }),
  ],
  ['may not be read', (): ScriptedAnswer => ({ status: 403 })],
  ['is not supported', (): ScriptedAnswer => ({ status: 405 })],
  [
    'has too many pages',
    ({ path }: SeenRequest): ScriptedAnswer => {
      const page = Number(/last=(\d+)/.exec(path)?.[1] ?? 0) + 1;
      return {
        ...tags(`t${page}`),
        headers: { link: `</v2/app/tags/list?last=${page}>; rel="next"` },
      };
    },
  ],
])('asks for the three tags themselves where the list %s', async (_what, list) => {
  const lines = await withSource(
    {
      list,
      referrers: () => index(),
      manifests: ({ path }) =>
        path.endsWith('.sig')
          ? { status: 200, headers: { 'docker-content-digest': other.top.digest } }
          : { status: 404 },
    },
    async (source) => {
      const found = { tags: [`${TAG}.sig`], referrers: [] };
      expect(await source.findAttachments(digest, signal)).toEqual(found);
    },
  );
  const asked = lines.filter((line) => line.startsWith('HEAD')).sort();
  expect(asked).toEqual(
    ['att', 'sbom', 'sig'].map((suffix) => `HEAD /v2/app/manifests/T.${suffix}`),
  );
  expect(lines.filter((line) => line.includes('tags/list')).length).toBeLessThanOrEqual(6);
});

it('does not conclude from an unknown manifest that the host has no referrers API', async () => {
  const unknown = { status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' };
  const lines = await withSource(
    {
      list: () => tags(),
      referrers: ({ path }) => (path.includes(digest) ? index(referrer.descriptor) : unknown),
    },
    async (source) => {
      expect(await source.findAttachments(other.top.digest, signal)).toEqual(NONE);
      const found = { tags: [], referrers: [referrer.descriptor] };
      expect(await source.findAttachments(digest, signal)).toEqual(found);
    },
  );
  expect(lines).toHaveLength(3);
});

it('fails where a host fails, and asks again the next time', async () => {
  let isDown = true;
  await withSource(
    { list: () => (isDown ? { status: 500 } : tags(`${TAG}.sig`)), referrers: () => NO_API },
    async (source) => {
      await expect(source.findAttachments(digest, signal)).rejects.toMatchObject({
        code: 'REGISTRY_BROKEN',
      });
      isDown = false;
      expect((await source.findAttachments(digest, signal)).tags).toEqual([`${TAG}.sig`]);
    },
  );
});

it('believes a list of tags for ten minutes', async () => {
  let time = 0;
  let listed = tags();
  await withSource(
    { list: () => listed, referrers: () => NO_API },
    async (source) => {
      expect(await source.findAttachments(digest, signal)).toEqual(NONE);
      listed = tags(`${TAG}.sig`);
      time = 9 * 60_000;
      expect(await source.findAttachments(digest, signal)).toEqual(NONE);
      time = 11 * 60_000;
      expect((await source.findAttachments(digest, signal)).tags).toEqual([`${TAG}.sig`]);
    },
    () => time,
  );
});
