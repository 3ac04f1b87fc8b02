import { expect, it } from 'vitest';
import {
  makeArtifact,
  makeCosignAttestation,
  makeCosignSignature,
  makeImage,
  makeIndex,
  makeReferrer,
} from '../../test/support/make-image.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../../test/support/memory-ends.ts';
import { ControllerError } from '../base/controller-error.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { ManifestReference } from '../oci/ends.ts';
import { MEDIA_TYPES } from '../oci/media-types.ts';
import { createManifestCache } from '../store/manifest-cache.ts';
import { type CopyContext, createCopyContext, type CopyOptions } from './copy-context.ts';
import { copyImage, type CopyResult, type ImageCopy } from './copy-image.ts';

const { signal } = new AbortController();

it('copies every manifest and blob, blobs before their manifest and the tag last', async () => {
  const { from, to } = registries();
  const image = await makeImage({ layers: 3 });
  from.add('team/app', image);

  const result = await copy(from, to, image.top.digest);

  expect(to.repository('team/app').blobs).toEqual(from.repository('team/app').blobs);
  expect(to.repository('team/app').tags.get('1.0')).toBe(image.top.digest);
  expect(to.requests.at(-1)).toBe('put team/app 1.0');
  expect(to.requested('put')).toHaveLength(1);
  expect(result).toMatchObject({ blobsSent: 4, blobsMounted: 0, blobsPresent: 0, warnings: [] });
  expect(result.bytes).toBe(result.bytesSent);
});

it('copies children before their index, nested ones too', async () => {
  const from = createMemoryRegistry('from.test');
  const to = createMemoryRegistry('to.test', { checks: 'everything' });
  const inner = makeIndex([await makeImage({ seed: 'a' }), await makeImage({ seed: 'b' })]);
  const index = makeIndex([inner, await makeImage({ seed: 'c' })]);
  from.add('team/app', index);

  await copy(from, to, index.top.digest);

  expect([...to.repository('team/app').manifests.keys()].sort()).toEqual(
    index.manifests.map(({ digest }) => digest).sort(),
  );
});

it('copies only the instances of the wanted platforms and the index as it is', async () => {
  const { from, to } = registries();
  const amd64 = await makeImage({ seed: 'x', platform: { os: 'linux', architecture: 'amd64' } });
  const arm64 = await makeImage({ seed: 'y', platform: { os: 'linux', architecture: 'arm64' } });
  const nested = makeIndex([amd64]);
  const empty = makeIndex([arm64]);
  const attestation = makeArtifact({
    artifactType: 'application/vnd.in-toto',
    layers: [{ mediaType: 'text/plain', content: 'statement' }],
  });
  const index = makeIndex([amd64, arm64, attestation, nested, empty]);
  from.add('team/app', index);

  const result = await copy(from, to, index.top.digest, {
    platforms: [
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 's390x' },
    ],
  });

  expect([...to.repository('team/app').manifests.keys()].sort()).toEqual(
    [amd64.top.digest, nested.top.digest, index.top.digest].sort(),
  );
  expect(to.repository('team/app').manifests.get(index.top.digest)).toEqual(index.top);
  expect(result.warnings).toEqual([
    'no instances found for platform linux/s390x in from.test/team/app',
  ]);
});

it('fails where no instance has a wanted platform', async () => {
  const { from, to } = registries();
  const index = makeIndex([await makeImage()]);
  from.add('team/app', index);

  const work = copy(from, to, index.top.digest, {
    platforms: [{ os: 'linux', architecture: 's390x' }],
  });

  await expect(work).rejects.toMatchObject({
    code: 'PLATFORM_NOT_FOUND',
    message: expect.stringContaining('no instances found for platform linux/s390x') as string,
  });
  expect(to.requests).toEqual([]);
});

it('does not filter a single image', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  from.add('team/app', image);

  await copy(from, to, image.top.digest, {
    platforms: [{ os: 'linux', architecture: 's390x' }],
  });

  expect(to.repository('team/app').tags.get('1.0')).toBe(image.top.digest);
});

it('refuses indexes that are nested too deep', async () => {
  const { from, to } = registries();
  let index = makeIndex([await makeImage()]);
  for (let depth = 0; depth < 5; depth += 1) index = makeIndex([index]);
  from.add('team/app', index);

  await expect(copy(from, to, index.top.digest)).rejects.toMatchObject({
    code: 'MANIFEST_UNSUPPORTED',
  });
});

it('refuses an index that is called an image by what names it', async () => {
  const { from, to } = registries();
  const nested = makeIndex([await makeImage()]);
  const descriptor = { ...nested.descriptor, mediaType: MEDIA_TYPES.ociManifest };
  const index = makeIndex([{ ...nested, descriptor }]);
  from.add('team/app', index);

  await expect(copy(from, to, index.top.digest)).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
  });
});

it('refuses attachments without end', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  from.add('team/app', image);
  const referrers = Array.from({ length: 10_001 }, (_, index) => {
    return { mediaType: 'x/y', size: 1, digest: digestOf(Buffer.from(String(index))) };
  });
  const source = {
    ...from.source('team/app'),
    findAttachments: (digest: Digest) =>
      Promise.resolve({ tags: [], referrers: digest === image.top.digest ? referrers : [] }),
  };
  const target = {
    ...to.target('team/app'),
    findManifest: (reference: ManifestReference) =>
      Promise.resolve(reference.kind === 'digest' ? reference.digest : undefined),
  };

  const work = copyImage(source, target, wanted(image.top.digest), context(), signal);

  await expect(work).rejects.toMatchObject({ code: 'MANIFEST_UNSUPPORTED' });
});

it('leaves a foreign layer where its URLs point', async () => {
  const { from, to } = registries();
  const image = await makeImage({ layers: 1, foreignLayer: ['https://layers.test/1'] });
  from.add('team/app', image);

  const result = await copy(from, to, image.top.digest);

  expect(result.blobsSent).toBe(2);
});

it('brings signatures and referrers of image, instances and referrers before the tag', async () => {
  const { from, to } = registries();
  const instance = await makeImage();
  const index = makeIndex([instance]);
  const signature = makeCosignSignature(index.top.digest);
  const attestation = makeCosignAttestation(instance.top.digest);
  const referrer = makeReferrer(instance);
  const signedReferrer = makeReferrer(referrer);
  const tooFar = makeReferrer(signedReferrer);
  from.add('team/app', index);
  from.add('team/app', signature.image, signature.tag);
  from.add('team/app', attestation.image, attestation.tag);
  for (const one of [referrer, signedReferrer, tooFar]) from.add('team/app', one);

  const result = await copy(from, to, index.top.digest);

  const there = to.repository('team/app');
  expect([...there.tags.keys()].sort()).toEqual(['1.0', signature.tag, attestation.tag].sort());
  expect(there.manifests.has(referrer.top.digest)).toBe(true);
  expect(there.manifests.has(signedReferrer.top.digest)).toBe(true);
  expect(there.manifests.has(tooFar.top.digest)).toBe(false);
  expect(result.attachments).toBe(4);
  expect(to.requests.at(-1)).toBe('put team/app 1.0');
});

it('sends a signature again only when it changed', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  const signature = makeCosignSignature(image.top.digest);
  from.add('team/app', image);
  from.add('team/app', signature.image, signature.tag);
  await copy(from, to, image.top.digest);
  to.requests.length = 0;

  await copy(from, to, image.top.digest, { isPresent: true });
  expect(to.requests).toEqual([`find team/app ${signature.tag}`]);

  const other = makeCosignSignature(image.top.digest, 'a second one');
  from.add('team/app', other.image, other.tag);
  await copy(from, to, image.top.digest, { isPresent: true });
  expect(to.repository('team/app').tags.get(other.tag)).toBe(other.image.top.digest);
});

it('writes no tag that a source merely claims to be a signature', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  from.add('team/app', image, 'latest');
  const source = from.source('team/app');
  const lying = {
    ...source,
    findAttachments: () => Promise.resolve({ tags: ['latest'], referrers: [] }),
  };

  await copyImage(lying, to.target('team/app'), wanted(image.top.digest), context(), signal);

  expect([...to.repository('team/app').tags.keys()]).toEqual(['1.0']);
});

it.each([
  { code: 'REGISTRY_DENIED', remedy: 'wait-for-change', expected: 'warns' },
  { code: 'REGISTRY_BROKEN', remedy: 'retry-later', expected: 'fails' },
] as const)('$expected when listing attachments ends in $code', async (sample) => {
  const { from, to } = registries();
  const image = await makeImage();
  from.add('team/app', image);
  from.before = (request) => {
    if (request.startsWith('attachments'))
      throw new ControllerError(sample.code, 'no listing', { remedy: sample.remedy });
  };

  const outcome = await copy(from, to, image.top.digest).catch((error: unknown) => error);

  if (sample.expected === 'fails') {
    expect(outcome).toMatchObject({ code: sample.code });
    expect(to.repository('team/app').tags.size).toBe(0);
  } else {
    expect((outcome as CopyResult).warnings).toEqual([
      expect.stringContaining('could not be listed') as string,
    ]);
  }
});

it('fails the image when a listed signature cannot be copied', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  const signature = makeCosignSignature(image.top.digest);
  from.add('team/app', image);
  from.add('team/app', signature.image, signature.tag);
  for (const digest of signature.image.blobs.keys())
    from.repository('team/app').blobs.delete(digest);

  await expect(copy(from, to, image.top.digest)).rejects.toMatchObject({
    code: 'REGISTRY_NOT_FOUND',
  });
  expect(to.repository('team/app').tags.has('1.0')).toBe(false);
});

it('asks for no blob that the lock knows, and for each once the target misses one', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  from.add('team/app', image);
  const [first = image.top.digest] = image.blobs.keys();
  for (const [digest, bytes] of image.blobs) to.repository('team/app').blobs.set(digest, bytes);
  const known = { knownBlobs: () => ['team/app'] };

  await copy(from, to, image.top.digest, {}, context(known));
  expect(to.requested('begin')).toEqual([]);

  to.repository('team/app').blobs.delete(first);
  await copy(from, to, image.top.digest, {}, context(known));
  expect(to.requested('begin')).toHaveLength(image.blobs.size);
  expect(to.requested('send')).toEqual([`send team/app ${first}`]);
});

it('asks for each blob once more where the target does not see one for a moment, and sends none twice', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  from.add('team/app', image);
  const [first = image.top.digest] = image.blobs.keys();
  to.repository('team/app').blobs.set(first, image.blobs.get(first) ?? Buffer.of());
  let puts = 0;
  to.before = (request) => {
    if (!request.startsWith('put')) return;
    puts += 1;
    if (puts > 1) return;
    throw new ControllerError('REGISTRY_REFUSED', 'blob unknown', { remedy: 'retry-later' });
  };

  await copy(from, to, image.top.digest);

  expect(puts).toBe(2);
  expect(to.requested(`begin team/app ${first}`)).toHaveLength(2);
  expect(to.requested('send')).toHaveLength(image.blobs.size - 1);
  expect(to.repository('team/app').tags.get('1.0')).toBe(image.top.digest);
});

it('asks nothing twice for a manifest that the target refuses for good', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  from.add('team/app', image);
  to.before = (request) => {
    if (!request.startsWith('put')) return;
    throw new ControllerError('REGISTRY_REFUSED', 'no such type', { remedy: 'wait-for-change' });
  };

  await expect(copy(from, to, image.top.digest)).rejects.toMatchObject({
    code: 'REGISTRY_REFUSED',
  });
  expect(to.requested('put')).toHaveLength(1);
});

it('reads manifests once for several repositories', async () => {
  const { from, to } = registries();
  const image = await makeImage();
  from.add('team/app', image);
  from.add('team/copy', image);
  const shared = context();

  await copy(from, to, image.top.digest, { attachments: false }, shared);
  const source = from.source('team/copy');
  await copyImage(source, to.target('other/app'), wanted(image.top.digest), shared, signal);

  expect(from.requested('read')).toHaveLength(1);
  expect(to.requested('send')).toHaveLength(image.blobs.size);
});

function registries(): { from: MemoryRegistry; to: MemoryRegistry } {
  return { from: createMemoryRegistry('from.test'), to: createMemoryRegistry('to.test') };
}

function context(options: Partial<CopyOptions> = {}): CopyContext {
  const manifests = createManifestCache({ limitBytes: 1_000_000 });
  return createCopyContext({ manifests, pause: () => Promise.resolve(), ...options });
}

function wanted(digest: Digest, more: Partial<ImageCopy> = {}): ImageCopy {
  return { digest, tag: '1.0', attachments: true, ...more };
}

function copy(
  from: MemoryRegistry,
  to: MemoryRegistry,
  digest: Digest,
  more: Partial<ImageCopy> = {},
  shared = context(),
): Promise<CopyResult> {
  const image = wanted(digest, more);
  return copyImage(from.source('team/app'), to.target('team/app'), image, shared, signal);
}
