import { expect, it } from 'vitest';
import { makeImage, type MadeImage, seededBytes } from '../../test/support/make-image.ts';
import { createMemoryRegistry, type MemoryRegistry } from '../../test/support/memory-ends.ts';
import { ControllerError } from '../base/controller-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { createManifestCache } from '../store/manifest-cache.ts';
import { type BlobOutcome, copyBlob } from './copy-blob.ts';
import { type CopyContext, createCopyContext, type CopyOptions } from './copy-context.ts';

const never = new AbortController().signal;

it('sends a blob once, whoever wants it at the same time, and mounts it everywhere else', async () => {
  const { from, to, blob } = registries();
  const shared = context();
  const repositories = ['a', 'b', 'c', 'a', 'b'];

  const outcomes = await Promise.all(
    repositories.map((name) => copy(from, to, blob, name, shared)),
  );

  expect(outcomes.sort()).toEqual(['known', 'known', 'mounted', 'mounted', 'sent']);
  expect(to.requested('send')).toHaveLength(1);
  expect(to.requested('begin')).toHaveLength(3);
});

it('takes over when the one that others wait for fails', async () => {
  const { from, to, blob } = registries();
  const shared = context();
  to.before = (request) => {
    if (request.startsWith('send a ')) throw denied();
  };

  const outcomes = await Promise.allSettled(
    ['a', 'b', 'c'].map((name) => copy(from, to, blob, name, shared)),
  );

  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(to.requested('send')).toHaveLength(2);
});

it('goes on without one that is aborted while others wait for it', async () => {
  const { from, to, blob } = registries();
  const shared = context();
  const first = new AbortController();
  to.before = (request) => {
    if (request.startsWith('send a ')) first.abort();
  };

  const aborted = copy(from, to, blob, 'a', shared, first.signal);
  const other = copy(from, to, blob, 'b', shared);

  await expect(aborted).rejects.toThrow();
  await expect(other).resolves.toBe('sent');
});

it('stops waiting when it is aborted itself', async () => {
  const { from, to, blob } = registries();
  const shared = context();
  const gate = Promise.withResolvers<undefined>();
  const waiter = new AbortController();
  to.before = async (request) => {
    if (request.startsWith('send a ')) {
      waiter.abort();
      await gate.promise;
    }
  };

  const first = copy(from, to, blob, 'a', shared);
  await expect(copy(from, to, blob, 'b', shared, waiter.signal)).rejects.toThrow();
  gate.resolve(undefined);
  await expect(first).resolves.toBe('sent');
});

it('mounts from where the lock knows the blob', async () => {
  const { from, to, blob } = registries();
  to.repository('old').blobs.set(blob.digest, new Uint8Array());

  const outcome = await copy(from, to, blob, 'a', context({ knownBlobs: () => ['old'] }));

  expect(outcome).toBe('mounted');
  expect(to.requests).toEqual([`begin a ${blob.digest} from old`]);
});

it('uses the upload that a mount from a wrong place opened', async () => {
  const { from, to, blob } = registries();

  const outcome = await copy(from, to, blob, 'a', context({ knownBlobs: () => ['lost'] }));

  expect(outcome).toBe('sent');
  expect(to.requests).toEqual([`begin a ${blob.digest} from lost`, `send a ${blob.digest}`]);
});

it('sends a blob once where the lock was wrong for several repositories', async () => {
  const { from, to, blob } = registries();
  const shared = context({ knownBlobs: () => ['lost'] });

  const outcomes = await Promise.all(
    ['a', 'b', 'c'].map((name) => copy(from, to, blob, name, shared)),
  );

  expect(outcomes.sort()).toEqual(['mounted', 'mounted', 'sent']);
  expect(to.requested('send')).toHaveLength(1);
  expect(to.requested('cancel')).toHaveLength(2);
});

it('tries another way when the right to mount is missing', async () => {
  const { from, to, blob } = registries();
  to.before = (request) => {
    if (request.endsWith('from secret')) throw denied();
  };

  const outcome = await copy(from, to, blob, 'a', context({ knownBlobs: () => ['secret'] }));

  expect(outcome).toBe('sent');
});

it('sends to every repository where the registry does not mount', async () => {
  const { from, blob } = registries();
  const to = createMemoryRegistry('to.test', { mounts: false });
  const shared = context();

  const outcomes = await Promise.all(
    ['a', 'b', 'c'].map((name) => copy(from, to, blob, name, shared)),
  );

  expect(outcomes).toEqual(['sent', 'sent', 'sent']);
  expect(to.requested('cancel').length).toBeLessThanOrEqual(2);
});

it('finds what is there without sending it', async () => {
  const { from, to, blob } = registries();
  to.repository('a').blobs.set(blob.digest, new Uint8Array());

  await expect(copy(from, to, blob, 'a', context())).resolves.toBe('present');
});

it.each([
  { failures: 1, attempts: 3, remedy: 'retry-later', sends: 2, ends: 'sent' },
  { failures: 2, attempts: 3, remedy: 'retry-later', sends: 3, ends: 'sent' },
  { failures: 9, attempts: 3, remedy: 'retry-later', sends: 3, ends: 'REGISTRY_BROKEN' },
  { failures: 9, attempts: 3, remedy: 'wait-for-change', sends: 1, ends: 'REGISTRY_BROKEN' },
] as const)('after $failures failures ($remedy) ends as $ends', async (sample) => {
  const { from, to, blob } = registries();
  let failures = 0;
  to.before = (request) => {
    if (!request.startsWith('send')) return;
    failures += 1;
    if (failures > sample.failures) return;
    throw new ControllerError('REGISTRY_BROKEN', 'reset', { remedy: sample.remedy });
  };

  const shared = context({ transferAttempts: sample.attempts });
  const outcome = await copy(from, to, blob, 'a', shared).catch((error: unknown) => error);

  expect(outcome instanceof ControllerError ? outcome.code : outcome).toBe(sample.ends);
  expect(to.requested('send')).toHaveLength(sample.sends);
});

it.each([
  { corrupt: 1, ends: 'sent' },
  { corrupt: 2, ends: 'BLOB_CORRUPT' },
])('reads a blob again that was corrupt, once: $corrupt', async ({ corrupt, ends }) => {
  const { from, to, blob } = registries();
  let reads = 0;
  from.deliver = async function* (bytes) {
    reads += 1;
    await Promise.resolve();
    yield reads > corrupt ? bytes : bytes.subarray(1);
  };

  const outcome = await copy(from, to, blob, 'a', context()).catch((error: unknown) => error);

  expect(outcome instanceof ControllerError ? outcome.code : outcome).toBe(ends);
  expect(to.repository('a').blobs.has(blob.digest)).toBe(ends === 'sent');
});

it('cancels the upload when the source has no such blob', async () => {
  const { to, blob } = registries();

  await expect(
    copy(createMemoryRegistry('empty.test'), to, blob, 'a', context()),
  ).rejects.toMatchObject({ code: 'REGISTRY_NOT_FOUND' });
  expect(to.requested('cancel')).toHaveLength(1);
});

it('never has more transfers at once than allowed, and waiting takes no slot', async () => {
  const images = await Promise.all(
    Array.from({ length: 6 }, (_, index) => makeImage({ seed: String(index), layers: 4 })),
  );
  const from = createMemoryRegistry('from.test');
  for (const image of images) from.add('src', image);
  const to = createMemoryRegistry('to.test');
  const shared = context({ parallelBlobs: 2 });

  const work = images.flatMap((image) =>
    descriptors(image).flatMap((blob) =>
      ['a', 'b', 'c'].map((name) => copy(from, to, blob, name, shared)),
    ),
  );
  await Promise.all(work);

  expect(to.transfers.most).toBe(2);
  expect(to.requested('send')).toHaveLength(images.flatMap(descriptors).length);
});

it('reads no faster than the target takes', async () => {
  const { from, to, blob } = registries();
  let read = 0;
  from.deliver = async function* (bytes) {
    for (let offset = 0; offset < bytes.byteLength; offset += 100) {
      read += 1;
      await Promise.resolve();
      yield bytes.subarray(offset, offset + 100);
    }
  };
  const target = to.target('a');
  let most = 0;
  const slow: typeof target = {
    ...target,
    beginBlob: () =>
      Promise.resolve({
        async finish(content) {
          let taken = 0;
          for await (const chunk of content) {
            await new Promise((resolve) => setImmediate(resolve));
            taken += chunk.byteLength / 100;
            most = Math.max(most, read - taken);
          }
        },
        abort: () => Promise.resolve(),
      }),
  };

  await copyBlob({ source: from.source('src'), target: slow, blob, image: 'x' }, context(), never);

  expect(most).toBeLessThanOrEqual(1);
});

function registries(): { from: MemoryRegistry; to: MemoryRegistry; blob: Descriptor } {
  const bytes = seededBytes('blob', 5000);
  const blob = { mediaType: 'x/y', digest: digestOf(bytes), size: bytes.length };
  const from = createMemoryRegistry('from.test');
  from.repository('src').blobs.set(blob.digest, bytes);
  return { from, to: createMemoryRegistry('to.test'), blob };
}

function descriptors({ blobs }: MadeImage): Descriptor[] {
  return [...blobs].map(([digest, bytes]) => {
    return { mediaType: 'x/y', digest: digest satisfies Digest, size: bytes.length };
  });
}

function context(options: Partial<CopyOptions> = {}): CopyContext {
  const manifests = createManifestCache({ limitBytes: 1_000_000 });
  return createCopyContext({ manifests, pause: () => Promise.resolve(), ...options });
}

function copy(
  from: MemoryRegistry,
  to: MemoryRegistry,
  blob: Descriptor,
  repository: string,
  shared: CopyContext,
  signal = never,
): Promise<BlobOutcome> {
  const ends = { source: from.source('src'), target: to.target(repository) };
  return copyBlob({ ...ends, blob, image: repository }, shared, signal);
}

function denied(): ControllerError {
  return new ControllerError('REGISTRY_DENIED', 'denied', { remedy: 'wait-for-change' });
}
