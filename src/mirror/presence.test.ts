import { expect, it } from 'vitest';
import { makeImage, makeIndex } from '../../test/support/make-image.ts';
import { createMemoryRegistry } from '../../test/support/memory-ends.ts';
import { ControllerError } from '../base/controller-error.ts';
import { createManifestCache } from '../store/manifest-cache.ts';
import { lookPresent, type PlacedImage, type Presence, verifyImages } from './presence.ts';

const { signal } = new AbortController();
const linux = { os: 'linux', architecture: 'amd64' };

it('tells present, absent and other images by one request each', async () => {
  const registry = createMemoryRegistry('to.test');
  const image = await makeImage();
  const other = await makeImage({ seed: 'other' });
  registry.add('a', image, '1.0');
  registry.add('b', other, '1.0');
  const images = ['a', 'b', 'c'].map((name) => ({
    id: name,
    target: registry.target(name),
    digest: image.top.digest,
    tag: '1.0',
  }));
  // The first answer comes last.
  registry.before = (request) =>
    new Promise((resolve) => setTimeout(resolve, request.startsWith('find a') ? 20 : 0));

  const found = await lookPresent(images, options(), signal);

  expect([...found]).toEqual([
    ['a', { kind: 'present' }],
    ['b', { kind: 'other', digest: other.top.digest }],
    ['c', { kind: 'absent' }],
  ]);
  expect(registry.requests).toHaveLength(3);
});

it('looks at each chosen instance of a sparse index', async () => {
  const registry = createMemoryRegistry('to.test');
  const amd64 = await makeImage({ seed: 'x', platform: linux });
  const arm64 = await makeImage({ seed: 'y', platform: { os: 'linux', architecture: 'arm64' } });
  const index = makeIndex([amd64], { absent: [arm64] });
  registry.add('a', index, '1.0');
  const image = {
    id: 'a',
    target: registry.target('a'),
    digest: index.top.digest,
    tag: '1.0',
  };

  const present = await look({ ...image, platforms: [linux] });
  expect(present).toEqual({ kind: 'present' });

  const both = [linux, { os: 'linux', architecture: 'arm64' }];
  const incomplete = await look({ ...image, platforms: both });
  expect(incomplete).toEqual({ kind: 'incomplete', missing: [arm64.top.digest] });

  // Without platforms nobody said that it is sparse; verifying looks anyway.
  expect(await look(image)).toEqual({ kind: 'present' });
  const verified = await verifyImages([image], options(), signal);
  expect(verified.get('a')).toEqual({ kind: 'incomplete', missing: [arm64.top.digest] });

  async function look(one: PlacedImage): Promise<Presence | undefined> {
    return (await lookPresent([one], options(), signal)).get(one.id);
  }
});

it('finds a nested index that was lost', async () => {
  const registry = createMemoryRegistry('to.test');
  const nested = makeIndex([await makeImage()]);
  const index = makeIndex([nested]);
  registry.add('a', index, '1.0');
  registry.repository('a').manifests.delete(nested.top.digest);
  const image = { id: 'a', target: registry.target('a'), digest: index.top.digest, tag: '1.0' };

  const verified = await verifyImages([image], options(), signal);

  expect(verified.get('a')).toEqual({ kind: 'incomplete', missing: [] });
});

it('goes on when one cannot be looked at', async () => {
  const registry = createMemoryRegistry('to.test');
  const image = await makeImage();
  registry.add('b', image, '1.0');
  const error = new ControllerError('REGISTRY_DENIED', 'no', { remedy: 'wait-for-change' });
  registry.before = (request) => {
    if (request.startsWith('find a')) throw error;
  };
  const images = ['a', 'b'].map((name) => ({
    id: name,
    target: registry.target(name),
    digest: image.top.digest,
    tag: '1.0',
  }));

  const found = await lookPresent(images, options(), signal);

  expect(Object.fromEntries(found)).toEqual({
    a: { kind: 'unknown', error },
    b: { kind: 'present' },
  });
});

function options(): { manifests: ReturnType<typeof createManifestCache> } {
  return { manifests: createManifestCache({ limitBytes: 1_000_000 }) };
}
