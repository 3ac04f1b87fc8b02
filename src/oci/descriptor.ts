import { z } from 'zod';
import { Digest } from './digest.ts';

/** An os and architecture as an index names them; variants do not choose (spec, transfer-engine, 5.7.7). */
export const Platform = z.object({ os: z.string(), architecture: z.string() });
export type Platform = z.infer<typeof Platform>;

/** A reference to content by digest. Source: OCI image-spec, descriptor.md. */
export const Descriptor = z.object({
  mediaType: z.string().default('application/octet-stream'),
  digest: Digest,
  size: z.int().nonnegative(),
  urls: z.array(z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  artifactType: z.string().optional(),
  platform: z
    .looseObject({ os: z.string().optional(), architecture: z.string().optional() })
    .optional(),
});
export type Descriptor = z.infer<typeof Descriptor>;

export function formatPlatform({ os, architecture }: Platform): string {
  return `${os}/${architecture}`;
}

/** Whether it is what build tools put into an index beside the images. Source: BuildKit, docs/attestations/attestation-storage.md. */
export function isAttestation({ platform, annotations, artifactType }: Descriptor): boolean {
  if (platform?.os === 'unknown' && platform.architecture === 'unknown') return true;
  return artifactType !== undefined || annotations?.['vnd.docker.reference.type'] !== undefined;
}
