import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  makeCosignAttestation,
  makeCosignSignature,
  makeImage,
  makeIndex,
  makeReferrer,
} from '../../test/support/make-image.ts';
import {
  createMemoryRegistry,
  type MemoryOptions,
  type MemoryRegistry,
} from '../../test/support/memory-ends.ts';
import { ControllerError } from '../base/controller-error.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { createManifestCache } from '../store/manifest-cache.ts';
import { deleteImages, type DeleteOutcome, type ImageDelete } from './delete-images.ts';

const { signal } = new AbortController();

it('deletes images with their signatures and referrers, and leaves the others', async () => {
  const registry = createMemoryRegistry('to.test');
  const instance = await makeImage({ seed: 'x' });
  const going = makeIndex([instance]);
  const staying = await makeImage({ seed: 'y' });
  const signatures = [
    makeCosignSignature(going.top.digest),
    makeCosignAttestation(instance.top.digest),
  ];
  const kept = makeCosignSignature(staying.top.digest, 'kept');
  const referrer = makeReferrer(going);
  const ofReferrer = makeReferrer(referrer);
  registry.add('app', going, '1.0');
  registry.add('app', staying, '2.0');
  for (const { image, tag } of [...signatures, kept]) registry.add('app', image, tag);
  for (const image of [referrer, ofReferrer]) registry.add('app', image);

  const outcomes = await run(registry, [['1.0', going.top.digest]]);

  expect(outcomes).toEqual(['deleted']);
  const { tags, manifests } = registry.repository('app');
  expect([...tags.keys()].sort()).toEqual(['2.0', kept.tag].sort());
  // The instance is left to the garbage collection.
  expect([...manifests.keys()].sort()).toEqual(
    [staying.top.digest, kept.image.top.digest, instance.top.digest].sort(),
  );
  const deletes = registry.requested('delete');
  expect(deletes.at(-1)).toBe(`delete app ${going.top.digest}`);
});

it('keeps the signature of an instance that another index has', async () => {
  const registry = createMemoryRegistry('to.test');
  const shared = await makeImage();
  const going = makeIndex([shared], { annotations: { one: '1' } });
  const staying = makeIndex([shared]);
  const signature = makeCosignSignature(shared.top.digest);
  registry.add('app', going, '1.0');
  registry.add('app', staying, '2.0');
  registry.add('app', signature.image, signature.tag);

  expect(await run(registry, [['1.0', going.top.digest]])).toEqual(['deleted']);
  expect(registry.repository('app').tags.has(signature.tag)).toBe(true);
});

it('counts what is gone as done, and names twice what is listed twice', async () => {
  const registry = createMemoryRegistry('to.test');
  const image = await makeImage();
  registry.add('app', image, '1.0');
  registry.repository('app').tags.set('1.1', image.top.digest);

  const outcomes = await run(registry, [
    ['1.0', image.top.digest],
    ['1.1', image.top.digest],
    ['1.2', image.top.digest],
    ['1.0', image.top.digest],
  ]);

  expect(outcomes).toEqual(['deleted', 'deleted', 'gone', 'deleted']);
  expect(registry.requested('delete')).toHaveLength(1);
});

it('deletes tags alone where the manifest is needed, but never one that moved', async () => {
  const registry = createMemoryRegistry('to.test', { deletes: 'tags-and-manifests' });
  const image = await makeImage();
  const other = await makeImage({ seed: 'other' });
  registry.add('app', image, '1.0');
  registry.add('app', other, 'moved');
  registry.repository('app').tags.set('latest', image.top.digest);

  const outcomes = await run(registry, [
    ['1.0', image.top.digest],
    ['moved', image.top.digest],
  ]);

  expect(outcomes).toEqual(['deleted', expect.stringContaining('held: tag moved names')]);
  expect(Object.fromEntries(registry.repository('app').tags)).toEqual({
    latest: image.top.digest,
    moved: other.top.digest,
  });
});

it('holds where neither manifest nor tag can go', async () => {
  const registry = createMemoryRegistry('to.test');
  const image = await makeImage();
  registry.add('app', image, '1.0');
  registry.repository('app').tags.set('latest', image.top.digest);

  const outcomes = await run(registry, [['1.0', image.top.digest]]);

  expect(outcomes).toEqual([
    'held: tag latest names it too, and the registry cannot delete a tag alone',
  ]);
  expect(registry.repository('app').tags.size).toBe(2);
});

it('keeps what an index names that could not be deleted', async () => {
  const registry = createMemoryRegistry('to.test');
  const instance = await makeImage();
  const index = makeIndex([instance]);
  registry.add('app', index, 'index');
  registry.add('app', instance, 'instance');
  registry.before = (request) => {
    if (request === `delete app ${index.top.digest}`) throw failure('retry-later');
  };

  const outcomes = await run(registry, [
    ['instance', instance.top.digest],
    ['index', index.top.digest],
  ]);

  expect(outcomes).toEqual([expect.stringContaining('held: index'), 'failed: REGISTRY_BROKEN']);
});

it('does not delete an image whose signature could not be deleted', async () => {
  const registry = createMemoryRegistry('to.test');
  const image = await makeImage();
  const signature = makeCosignSignature(image.top.digest);
  registry.add('app', image, '1.0');
  registry.add('app', signature.image, signature.tag);
  registry.before = (request) => {
    if (request === `delete app ${signature.image.top.digest}`) throw failure('retry-later');
  };

  expect(await run(registry, [['1.0', image.top.digest]])).toEqual(['failed: REGISTRY_BROKEN']);
  expect(registry.repository('app').tags.has('1.0')).toBe(true);
});

it.each(['find app secret', 'read app sha256:'])('holds in doubt: %s', async (start) => {
  const registry = createMemoryRegistry('to.test');
  const image = await makeImage();
  registry.add('app', image, '1.0');
  registry.add('app', await makeImage({ seed: 'secret' }), 'secret');
  registry.before = (request) => {
    if (request.startsWith(start)) throw failure('wait-for-change');
  };

  const outcomes = await run(registry, [['1.0', image.top.digest]]);

  expect(outcomes).toEqual([expect.stringContaining('could not be read')]);
});

it('fails one repository alone, and says so of each of its places', async () => {
  const registry = createMemoryRegistry('to.test');
  const image = await makeImage();
  registry.add('app', image, '1.0');
  registry.add('bad', image, '1.0');
  registry.before = (request) => {
    if (request === 'tags bad') throw failure('retry-later');
  };
  const places = ['bad', 'app'].map((repository) => {
    return { repository, tag: '1.0', digest: image.top.digest };
  });

  const outcomes = await deleteImages(places, (name) => registry.target(name), options(), signal);

  expect([...outcomes.values()].map(textOf)).toEqual(['failed: REGISTRY_BROKEN', 'deleted']);
});

it('says where deletes are not supported, before anything is gone', async () => {
  const registry = createMemoryRegistry('to.test', { deletes: 'nothing' });
  const image = await makeImage();
  registry.add('app', image, '1.0');

  expect(await run(registry, [['1.0', image.top.digest]])).toEqual([
    'failed: REGISTRY_DELETE_UNSUPPORTED',
  ]);
});

it('says what is left when it is aborted', async () => {
  const registry = createMemoryRegistry('to.test');
  const images = await Promise.all(['a', 'b'].map((seed) => makeImage({ seed })));
  for (const [index, image] of images.entries()) registry.add('app', image, String(index));
  const abort = new AbortController();
  registry.before = (request) => {
    if (request === `delete app ${images[1]?.top.digest ?? ''}`) abort.abort();
  };
  const places = images.map(({ top }, index) => {
    return { repository: 'app', tag: String(index), digest: top.digest };
  });

  const outcomes = await deleteImages(
    places,
    (name) => registry.target(name),
    options(),
    abort.signal,
  );

  expect([...outcomes.values()].map(textOf)).toEqual(['deleted', 'not-started']);
});

it('leaves every tag outside the deletes whole, whatever is listed', async () => {
  const leaves = await Promise.all(['a', 'b', 'c'].map((seed) => makeImage({ seed })));
  const [a, b, c] = leaves as [(typeof leaves)[0], (typeof leaves)[0], (typeof leaves)[0]];
  const inner = makeIndex([a, b]);
  const images = [a, b, c, inner, makeIndex([inner, c]), makeIndex([b])];
  const image = fc.nat(images.length - 1);
  const tag = fc.constantFrom('t0', 't1', 't2', 't3', 't4', 't5');
  const mode = fc.constantFrom<MemoryOptions['deletes']>('manifests', 'tags-and-manifests');
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(tag, image), { selector: ([name]) => name }),
      fc.array(fc.tuple(tag, image)),
      mode,
      async (tags, deletes, deletable) => {
        const registry = createMemoryRegistry('to.test', { deletes: deletable ?? 'manifests' });
        const digestAt = (index: number): Digest => images[index]?.top.digest ?? a.top.digest;
        for (const [name, index] of tags) registry.add('app', images[index] ?? a, name);
        const list = deletes.map(([name, index]) => [name, digestAt(index)] as const);

        const outcomes = await run(registry, list);

        const { manifests, tags: left } = registry.repository('app');
        for (const [name, index] of tags) {
          const isListed = list.some(
            ([other, digest]) => other === name && digest === digestAt(index),
          );
          const digest = digestAt(index);
          if (!isListed) expect(left.get(name)).toBe(digest);
          if (left.has(name)) expectWhole(manifests, digest);
        }
        for (const [index, outcome] of outcomes.entries()) {
          const [name, digest] = list[index] ?? ['', undefined];
          if (outcome === 'deleted' || outcome === 'gone') expect(left.get(name)).not.toBe(digest);
        }
      },
    ),
    { numRuns: 150 },
  );
});

function expectWhole(manifests: ReadonlyMap<Digest, { bytes: Uint8Array }>, digest: Digest): void {
  const manifest = manifests.get(digest);
  expect(manifest).toBeDefined();
  const content = parseManifest(manifest as Parameters<typeof parseManifest>[0], 'here');
  if (content.kind === 'image') return;
  for (const child of content.manifests) expectWhole(manifests, child.digest);
}

async function run(
  registry: MemoryRegistry,
  deletes: readonly (readonly [string, Digest])[],
): Promise<string[]> {
  const places: ImageDelete[] = deletes.map(([tag, digest]) => ({
    repository: 'app',
    tag,
    digest,
  }));
  const outcomes = await deleteImages(places, (name) => registry.target(name), options(), signal);
  return places.map((place) => textOf(outcomes.get(place)));
}

function textOf(outcome: DeleteOutcome | undefined): string {
  if (outcome?.kind === 'held') return `held: ${outcome.reason}`;
  if (outcome?.kind === 'failed') return `failed: ${outcome.error.code}`;
  return outcome?.kind ?? 'missing';
}

function options(): { manifests: ReturnType<typeof createManifestCache> } {
  return { manifests: createManifestCache({ limitBytes: 1_000_000 }) };
}

function failure(remedy: 'retry-later' | 'wait-for-change'): ControllerError {
  return new ControllerError('REGISTRY_BROKEN', 'no', { remedy });
}
