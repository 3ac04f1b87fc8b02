import { type Digest, digestTag } from '../oci/digest.ts';

const SUFFIXES = ['sig', 'att', 'sbom'] as const;

/** The tags where cosign keeps what belongs to a digest (spec, transfer-engine, 7.4). */
export function cosignTags(digest: Digest): string[] {
  return SUFFIXES.map((suffix) => `${digestTag(digest)}.${suffix}`);
}

export function isCosignTag(tag: string, digest: Digest): boolean {
  return cosignTags(digest).includes(tag);
}
