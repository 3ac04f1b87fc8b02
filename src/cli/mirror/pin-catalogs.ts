import type { MirrorContent } from '../../imageset/image-set-schema.ts';
import type { OperatorCatalog } from '../../imageset/operators-content.ts';
import type { Digest } from '../../oci/digest.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';

/** The digests that catalogs had, by full reference (`formatReference`); absent where one was not looked up. */
export type DigestBySource = ReadonlyMap<string, Digest>;

/**
 * The content with every catalog that is named by tag alone named by digest, and the tag kept as `targetTag`, so
 * that it has the same place (spec, config-and-outputs, section 7).
 */
export function pinCatalogs(content: MirrorContent, digests: DigestBySource): MirrorContent {
  if (content.operators === undefined) return content;
  return { ...content, operators: content.operators.map((entry) => pinCatalog(entry, digests)) };
}

/** Where the digest is not known the tag stays, and is the `targetTag` all the same. */
function pinCatalog(entry: OperatorCatalog, digests: DigestBySource): OperatorCatalog {
  const reference = parseReference(entry.catalog);
  if (reference.kind === 'layout' || reference.tag === undefined) return entry;
  if (reference.digest !== undefined) return entry;
  const targetTag = entry.targetTag ?? reference.tag;
  const digest = digests.get(formatReference(reference));
  if (digest === undefined) return { ...entry, targetTag };
  return { ...entry, catalog: `${nameOf(entry.catalog, reference.tag)}@${digest}`, targetTag };
}

/** As it is written, without transport and tag: a short name stays short. */
function nameOf(catalog: string, tag: string): string {
  const bare = catalog.replace(/^docker:\/\//, '');
  return bare.endsWith(`:${tag}`) ? bare.slice(0, -`:${tag}`.length) : bare;
}
