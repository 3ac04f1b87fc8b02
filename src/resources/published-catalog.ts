import type { Lock } from '../lock/lock.ts';
import { type Place, absolutePlace, parseDestination } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';
import {
  type CatalogSourceTemplate,
  readCatalogSourceTemplate,
} from './catalog-source-template.ts';

/** An operator catalog at the destination, which clusters are told about. */
export interface PublishedCatalog {
  /** Of its resources, without `cs-` and `cc-` (`nameCatalogs`). */
  readonly name: string;
  readonly place: Place;
  readonly digest: Digest;
  readonly template?: CatalogSourceTemplate;
}

/**
 * The catalogs of a lock whose images are there, orphans included (design.md, section 5, step 6).
 * @param templates the texts of templates by path; one that is not there or cannot be used counts as none, which
 *   whoever reads the files has to tell (`readCatalogSourceTemplate`).
 */
export function publishedCatalogs(
  { destination, catalogs, images }: Pick<Lock, 'destination' | 'catalogs' | 'images'>,
  templates: ReadonlyMap<string, string>,
): PublishedCatalog[] {
  const below = parseDestination(destination);
  const digestOf = new Map(
    images
      .filter(({ kind }) => kind === 'catalog')
      .map((image) => [image.destination, image.digest]),
  );
  return catalogs.flatMap(({ name, destination: written, template: path }) => {
    const place = absolutePlace(written, below);
    const digest = digestOf.get(written);
    if (place === undefined || digest === undefined) return [];
    const text = path === undefined ? undefined : templates.get(path);
    const template = text === undefined ? undefined : templateOf(path ?? '', text);
    return [{ name, place, digest, ...(template === undefined ? {} : { template }) }];
  });
}

function templateOf(path: string, text: string): CatalogSourceTemplate | undefined {
  return readCatalogSourceTemplate(path, text).template;
}
