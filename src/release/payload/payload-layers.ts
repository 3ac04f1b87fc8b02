import { type Descriptor, isAttestation } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { PAYLOAD_LIMITS } from './limits.ts';
import { PayloadFault } from './payload-fault.ts';

/**
 * The layers of a payload, the lowest first. Of an index those of its image for linux/amd64, else of its first: all have
 * the same manifests (spec, releases-helm, 2.1).
 * @throws PayloadFault, and what the source throws
 */
export async function findPayloadLayers(
  source: ImageSource,
  digest: Digest,
  name: string,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  let next = digest;
  for (let depth = 0; depth <= PAYLOAD_LIMITS.nestedIndexes; depth += 1) {
    const bytes = await source.readManifest({ kind: 'digest', digest: next }, signal);
    const manifest = parseManifest(bytes, name);
    if (manifest.kind === 'image') return checked(manifest.layers);
    const chosen = choose(manifest.manifests);
    if (chosen === undefined) throw new PayloadFault('it is an index without images');
    next = chosen.digest;
  }
  throw new PayloadFault(
    `it has indexes in indexes, more than ${PAYLOAD_LIMITS.nestedIndexes} deep`,
  );
}

function choose(children: readonly Descriptor[]): Descriptor | undefined {
  const images = children.filter((child) => !isIndex(child) && !isAttestation(child));
  const usual = images.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64',
  );
  return usual ?? images[0] ?? children.find(isIndex);
}

function isIndex({ mediaType }: Descriptor): boolean {
  return mediaType === MEDIA_TYPES.ociIndex || mediaType === MEDIA_TYPES.dockerList;
}

function checked(layers: readonly Descriptor[]): readonly Descriptor[] {
  if (layers.length <= PAYLOAD_LIMITS.layers) return layers;
  throw new PayloadFault(
    `it has ${layers.length} layers, more than the ${PAYLOAD_LIMITS.layers} that are read`,
  );
}
