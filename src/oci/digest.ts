import { createHash } from 'node:crypto';
import { z } from 'zod';

/** A content digest, lower-case hex. Source: OCI image-spec, descriptor.md, "Digests". */
export const Digest = z
  .string()
  .regex(/^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/, {
    error: ({ input }) => `${JSON.stringify(String(input).slice(0, 100))} is no digest`,
  })
  .brand<'Digest'>();
export type Digest = z.infer<typeof Digest>;

export type DigestAlgorithm = 'sha256' | 'sha384' | 'sha512';

/** Whether the text is a digest. */
export function isDigest(text: string): text is Digest {
  return Digest.safeParse(text).success;
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.slice(0, digest.indexOf(':')) as DigestAlgorithm;
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The tag that an image without one gets: `sha256-<hex>` (spec, config-and-outputs, section 0, "digest tag"). */
export function digestTag(digest: Digest): string {
  return `${algorithmOf(digest)}-${hexOf(digest)}`;
}

/** The digest of the bytes. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}
