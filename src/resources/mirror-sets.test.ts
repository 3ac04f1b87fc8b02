import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ImageKind } from '../lock/wanted-image.ts';
import { absolutePlace } from '../oci/destination.ts';
import { type MirrorSetScope, type MirroredImage, mirrorSets } from './mirror-sets.ts';
import { renderResources } from './render-resources.ts';

const CASES = new URL('testdata/', import.meta.url);

/** The form of `images.json`: places as `HOST/PATH:TAG`. */
interface Case extends MirrorSetScope {
  readonly images: readonly { source: string; place: string; kind: ImageKind }[];
}

function readCase(name: string): { images: MirroredImage[]; scope: MirrorSetScope } {
  const text = readFileSync(new URL(`${name}/images.json`, CASES), 'utf8');
  const { images, scope, nested } = JSON.parse(text) as Case;
  const read = images.map(({ source, place: written, kind }) => {
    const slash = written.indexOf('/');
    const host = written.slice(0, slash);
    const place = absolutePlace(written.slice(slash + 1), { host, namespace: '' });
    if (place === undefined) throw new Error(`${written} is no place`);
    return { source, place, kind };
  });
  return { images: read, scope: { scope, nested } };
}

describe('mirror sets', () => {
  const cases = readdirSync(CASES).filter((name) =>
    existsSync(new URL(`${name}/images.json`, CASES)),
  );
  it.each(cases)('are as in testdata/%s', async (name) => {
    const { images, scope } = readCase(name);
    const files = renderResources(mirrorSets(images, scope), { omit: [] });
    const expected = readdirSync(new URL(`${name}/`, CASES)).filter((file) =>
      file.endsWith('.yaml'),
    );
    for (const [file, text] of files) {
      await expect(text).toMatchFileSnapshot(new URL(`${name}/${file}`, CASES).pathname);
    }
    expect([...files.keys()]).toEqual(expected.sort());
  });

  it('do not depend on the order of the images', () => {
    const { images, scope } = readCase('several-mirrors');
    const once = renderResources(mirrorSets(images, scope), { omit: [] });
    expect(renderResources(mirrorSets(images.toReversed(), scope), { omit: [] })).toEqual(once);
  });

  it('are left out where the settings omit their kind', () => {
    const { images, scope } = readCase('mixed');
    const files = renderResources(mirrorSets(images, scope), { omit: ['ImageTagMirrorSet'] });
    expect([...files.keys()]).toEqual(['idms-oc-mirror.yaml']);
  });
});
