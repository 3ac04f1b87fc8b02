import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { keepPayload, loadPayload } from './kept-payload.ts';
import { parseBootImages } from './parse-boot-images.ts';
import { parseImageReferences, versionOf } from './parse-image-references.ts';
import type { PayloadContent } from './payload-content.ts';
import { PayloadFault, payloadInvalid } from './payload-fault.ts';
import { findPayloadLayers } from './payload-layers.ts';
import {
  type ManifestFile,
  type ReleaseManifests,
  readReleaseManifests,
} from './release-manifests.ts';

export interface PayloadOptions {
  /** Of the payload, for messages. */
  readonly name: string;
  /** Where what was read is kept, by digest: below it in `payloads`. */
  readonly folder: string;
}

/**
 * What a release payload says of itself (spec, releases-helm, 2.1, 2.2 and 2.5): as it was kept, or read from the
 * source. `digest`: of an image, or of an index of images.
 *
 * @throws ControllerError PAYLOAD_INVALID with the name, the digest and the reason; BLOB_CORRUPT, MANIFEST_INVALID,
 *   STORE_UNAVAILABLE, and what the source throws
 */
export async function readPayload(
  source: ImageSource,
  digest: Digest,
  { name, folder }: PayloadOptions,
  signal: AbortSignal,
): Promise<PayloadContent> {
  const kept = await loadPayload(folder, digest, signal);
  if (kept !== undefined) return kept;
  try {
    const layers = await findPayloadLayers(source, digest, name, signal);
    const content = parseManifests(await readReleaseManifests(layers, source, signal));
    await keepPayload(folder, digest, content);
    return content;
  } catch (error) {
    throw error instanceof PayloadFault ? payloadInvalid(name, digest, error) : error;
  }
}

function parseManifests(files: ReleaseManifests): PayloadContent {
  const { version, components } = parseImageReferences(files.imageReferences);
  return {
    version: version === '' ? versionOfMetadata(files.releaseMetadata) : version,
    components,
    ...bootImagesOf(files.bootImages),
  };
}

/** It only says what image-references says too: one that cannot be read says nothing. */
function versionOfMetadata(file: ManifestFile | undefined): string {
  if (!Buffer.isBuffer(file)) return '';
  try {
    const value: unknown = JSON.parse(file.toString('utf8'));
    return typeof value === 'object' && value !== null && 'version' in value
      ? versionOf(value.version)
      : '';
  } catch {
    return '';
  }
}

function bootImagesOf(
  file: ManifestFile | undefined,
): Pick<PayloadContent, 'bootImages' | 'bootImagesFault'> {
  if (file === undefined) return { bootImages: undefined };
  try {
    if (!Buffer.isBuffer(file)) throw new PayloadFault(`it has ${file.bytes} bytes`);
    return { bootImages: parseBootImages(file) };
  } catch (error) {
    if (!(error instanceof PayloadFault)) throw error;
    return { bootImages: undefined, bootImagesFault: error.message };
  }
}
