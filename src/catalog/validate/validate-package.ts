import type { CatalogPackage } from '../catalog-package.ts';
import { checkBundles } from './check-bundles.ts';
import { checkChannels } from './check-channels.ts';
import { checkDeprecations } from './check-deprecations.ts';
import { checkImages } from './check-images.ts';
import { listNames } from './name-list.ts';

const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * What a cluster would refuse about a package: the rules V1 to V18 of spec, operator-catalogs, 1.6. Each
 * message names package and channel or bundle, and says what to do; none means that the package is valid.
 * Unlike `opm`, every channel is checked for entries without bundle (V11), not only the last one read.
 */
export function validatePackage(source: CatalogPackage): readonly string[] {
  return [...validateApartFromImages(source), ...checkImages(source)];
}

/**
 * All rules but V9: a bundle with an image that cannot be read is incomplete, as one whose image is not
 * there, and can be left out of a package that is valid otherwise.
 */
export function validateApartFromImages(source: CatalogPackage): readonly string[] {
  if (!hasOlmDocuments(source)) return [];
  return [
    ...checkDefinition(source),
    ...checkChannels(source),
    ...checkBundles(source),
    ...checkDeprecations(source),
  ];
}

/** Whether there is more of the package than documents of unknown schemas that name it. */
export function hasOlmDocuments(source: CatalogPackage): boolean {
  const { definitions, channels, bundles, deprecations } = source;
  return [definitions, channels, bundles, deprecations].some(({ length }) => length > 0);
}

/** V1, V2 and the first half of V3. */
function* checkDefinition({ name, definitions, channels }: CatalogPackage): Generator<string> {
  const where = `package "${name}"`;
  if (!DNS_LABEL.test(name)) {
    yield `${where}: the name is no DNS label; use lower-case letters, digits and "-", at most 63`;
  }
  if (definitions.length === 0) {
    yield `${where}: there is no olm.package document; add one, or take its channels and bundles out`;
  }
  if (definitions.length > 1) {
    yield `${where}: there are ${definitions.length} olm.package documents; keep one`;
  }
  if (channels.length === 0) yield `${where}: there is no channel; add one`;
  const names = new Set(channels.map((channel) => channel.name));
  for (const { defaultChannel } of definitions) {
    if (defaultChannel === '') {
      yield `${where}: defaultChannel is not set; name one of ${listNames(names)}`;
    } else if (!names.has(defaultChannel)) {
      yield `${where}: the default channel "${defaultChannel}" does not exist; name one of ${listNames(names)}`;
    }
  }
}
