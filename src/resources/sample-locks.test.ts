import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Lock, parseLock } from '../lock/lock.ts';
import { absolutePlace, parseDestination } from '../oci/destination.ts';
import { type MirroredImage, mirrorSets } from './mirror-sets.ts';
import { publishedCatalogs } from './published-catalog.ts';
import { renderCatalogs } from './render-catalogs.ts';
import { renderKustomization } from './render-kustomization.ts';
import { renderResources } from './render-resources.ts';

const LOCKS = new URL('../lock/testdata/', import.meta.url);

/** What `template` of a catalog's line names. */
const TEMPLATES = new Map([
  [
    'imagesets/edge/templates/redhat.yaml',
    readFileSync(new URL('catalog/redhat.template.yaml', LOCKS), 'utf8'),
  ],
]);

it.each(['release', 'catalog'])(
  'the sample lock of a %s gives the resources and the kustomization beside it',
  async (name) => {
    const folder = new URL(`${name}/`, LOCKS);
    const lock = parseLock('imageset.lock', readFileSync(new URL('imageset.lock', folder), 'utf8'));
    const sets = mirrorSets(mirroredImages(lock), { scope: 'namespace', nested: false });
    const catalogs = renderCatalogs(publishedCatalogs(lock, TEMPLATES), {
      naming: 'digest',
      omit: [],
      argocd: false,
      catalogSource: { secrets: [] },
    });
    const files = new Map([...catalogs, ...renderResources(sets, { omit: [] })]);
    for (const [file, text] of files) {
      await expect(text).toMatchFileSnapshot(fileURLToPath(new URL(`resources/${file}`, folder)));
    }
    await expect(renderKustomization(files.keys())).toMatchFileSnapshot(
      fileURLToPath(new URL('kustomization.yaml', folder)),
    );
    expect(readdirSync(new URL('resources/', folder))).toEqual([...files.keys()]);
  },
);

function mirroredImages({ destination, images }: Lock): MirroredImage[] {
  const below = parseDestination(destination);
  return images.map(({ destination: written, source, kind }) => {
    const place = absolutePlace(written, below);
    if (place === undefined) throw new Error(`${written} is no place`);
    return { source, place, kind };
  });
}
