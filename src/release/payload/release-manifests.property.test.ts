import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LayerEntry } from '../../../test/support/catalogs/tar-layer.ts';
import { createMemoryRegistry } from '../../../test/support/memory-ends.ts';
import { makeLayeredImage } from '../../../test/support/releases/layered-image.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { PayloadFault } from './payload-fault.ts';
import { readReleaseManifests } from './release-manifests.ts';

const FILE = 'release-manifests/image-references';
const entry = fc.oneof(
  { weight: 3, arbitrary: fc.nat(99).map((number) => ({ name: FILE, content: String(number) })) },
  fc.constantFrom<LayerEntry>(
    { name: 'release-manifests', type: 'directory' },
    { name: 'release-manifests/x' },
    { name: 'other/image-references' },
    { name: 'release-manifests/.wh.image-references' },
    { name: 'release-manifests/.wh..wh..opq' },
    { name: 'release-manifests/.wh.x' },
    { name: '.wh.release-manifests' },
    { name: '.wh..wh..opq' },
    { name: FILE, type: 'symlink', target: 'x' },
    { name: FILE, type: 'directory' },
  ),
);
const HIDE: readonly string[] = [
  'release-manifests/.wh.image-references',
  'release-manifests/.wh..wh..opq',
  '.wh.release-manifests',
  '.wh..wh..opq',
];

/** What a container sees: layers from the lowest, in each first what it takes away. */
function visible(layers: readonly (readonly LayerEntry[])[]): string | undefined {
  let content: string | undefined;
  for (const layer of layers) {
    if (layer.some(({ name }) => HIDE.includes(name))) content = undefined;
    for (const { name, type, content: text } of layer) {
      if (name === FILE) content = type === undefined ? String(text) : undefined;
    }
  }
  return content;
}

it('finds the file that a container sees', async () => {
  const layersOf = fc.array(fc.array(entry, { maxLength: 5 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(layersOf, async (layers) => {
      const image = await makeLayeredImage({ layers });
      const registry = createMemoryRegistry('r');
      registry.add('a', image);
      const manifest = parseManifest(image.top, 'a test');
      if (manifest.kind !== 'image') throw new Error('it is no image');
      const { signal } = new AbortController();

      const found = await readReleaseManifests(manifest.layers, registry.source('a'), signal).then(
        ({ imageReferences }) => imageReferences.toString(),
        (error: unknown) => {
          expect(error).toBeInstanceOf(PayloadFault);
          return undefined;
        },
      );

      expect(found).toBe(visible(layers));
    }),
  );
});
