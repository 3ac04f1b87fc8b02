import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatDestination } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import type { LockedCatalog, LockedImage } from '../lock/lock.ts';
import { nameCatalogs } from './name-catalogs.ts';
import { type PublishedCatalog, publishedCatalogs } from './published-catalog.ts';
import { type CatalogRendering, renderCatalogs } from './render-catalogs.ts';

const CASES = new URL('testdata/', import.meta.url);

/** The form of `catalogs.json`: places as `HOST/PATH:TAG`, templates as files beside it. */
interface Case {
  readonly naming: CatalogRendering['naming'];
  readonly omit?: readonly string[];
  readonly argocd?: boolean;
  readonly secrets?: readonly string[];
  readonly catalogs: readonly { place: string; digest: Digest; template?: string }[];
}

function readCase(name: string): { catalogs: PublishedCatalog[]; rendering: CatalogRendering } {
  const folder = new URL(`${name}/`, CASES);
  const text = readFileSync(new URL('catalogs.json', folder), 'utf8');
  const { catalogs, naming, omit = [], argocd = false, secrets = [] } = JSON.parse(text) as Case;
  const templates = new Map(
    catalogs.flatMap(({ template }) =>
      template === undefined ? [] : [[template, readFileSync(new URL(template, folder), 'utf8')]],
    ),
  );
  const published = catalogs.map(({ place, digest, template }) => {
    const slash = place.indexOf('/');
    const destination = place.slice(slash + 1);
    return { ...catalogLines(destination, digest, template), host: place.slice(0, slash) };
  });
  const names = nameCatalogs(
    [],
    published.map(({ catalog }) => catalog.destination),
  );
  return {
    catalogs: published.flatMap(({ host, catalog, image }) => {
      const named = { ...catalog, name: names.get(catalog.destination) ?? '' };
      const destination = formatDestination({ host, namespace: '', maxNestedPaths: 0 });
      return publishedCatalogs({ destination, catalogs: [named], images: [image] }, templates);
    }),
    rendering: { naming, omit, argocd, catalogSource: { secrets } },
  };
}

function catalogLines(
  destination: string,
  digest: Digest,
  template?: string,
): { catalog: LockedCatalog; image: LockedImage } {
  const source = 'quay.io/example/catalog:1';
  const added = template === undefined ? {} : { template };
  return {
    catalog: { destination, name: 'index-v1', source, sourceDigest: digest, ...added },
    image: { destination, digest, source, kind: 'catalog', bytes: 1, wantedBy: [] },
  };
}

describe('renderCatalogs', () => {
  const cases = readdirSync(CASES).filter((name) =>
    existsSync(new URL(`${name}/catalogs.json`, CASES)),
  );

  it.each(cases)('makes the files of testdata/%s', async (name) => {
    const { catalogs, rendering } = readCase(name);
    const files = renderCatalogs(catalogs, rendering);
    for (const [file, text] of files) {
      await expect(text).toMatchFileSnapshot(fileURLToPath(new URL(`${name}/${file}`, CASES)));
    }
    const expected = readdirSync(new URL(`${name}/`, CASES)).filter((file) =>
      file.endsWith('.yaml'),
    );
    expect([...files.keys()]).toEqual(expected.sort());
  });

  it('does not depend on the order of the catalogs', () => {
    const { catalogs, rendering } = readCase('catalogs-template');
    const once = [...renderCatalogs(catalogs, rendering)];
    expect([...renderCatalogs(catalogs.toReversed(), rendering)]).toEqual(once);
  });
});

describe('publishedCatalogs', () => {
  const digest = `sha256:${'ab'.repeat(32)}` as Digest;
  const { catalog, image } = catalogLines('a/index:v1', digest, 'templates/a.yaml');
  const lock = { destination: 'reg.io/m', catalogs: [catalog], images: [image] };

  it('gives the catalogs whose image is there, at their places', () => {
    const place = { host: 'reg.io', repository: 'm/a/index', tag: 'v1' };
    expect(publishedCatalogs(lock, new Map())).toEqual([{ name: 'index-v1', place, digest }]);
  });

  it.each([
    { what: 'no image', images: [] },
    { what: 'an image of another kind', images: [{ ...image, kind: 'additional' as const }] },
    { what: 'an image at another place', images: [{ ...image, destination: 'a/index:v2' }] },
  ])('leaves a catalog out that has $what', ({ images }) => {
    expect(publishedCatalogs({ ...lock, images }, new Map())).toEqual([]);
  });

  it.each([
    {
      what: 'a template',
      text: 'apiVersion: operators.coreos.com/v1alpha1\nkind: CatalogSource\n',
      has: true,
    },
    { what: 'no template that cannot be used', text: 'kind: ConfigMap\n', has: false },
  ])('takes $what', ({ text, has }) => {
    const [published] = publishedCatalogs(lock, new Map([['templates/a.yaml', text]]));
    expect(published?.template !== undefined).toBe(has);
  });
});
