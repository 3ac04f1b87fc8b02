import { ControllerError } from '../base/controller-error.ts';
import { type Digest, hexOf, isDigest } from '../oci/digest.ts';
import { manifestBytes, parseManifest } from '../oci/manifest.ts';
import { hasContent, readContent, readSmallFile, writeSmallFile } from './built-content.ts';

/**
 * The index that was built from the inputs, if the folder still has all that is not in the source; undefined where it has
 * to be built. `ownLayers`: how many of its last layers each image does not have from its source.
 */
export async function findBuilt(
  folder: string,
  inputs: Digest,
  ownLayers: number,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  const recorded = await readSmallFile(folder, recordFile(inputs), signal);
  const digest = recorded?.toString('latin1').trim() ?? '';
  if (!isDigest(digest)) return undefined;
  return (await isComplete(folder, digest, ownLayers, signal)) ? digest : undefined;
}

/** Writes down what was built, once all of it is there. */
export async function recordBuilt(
  folder: string,
  inputs: Digest,
  digest: Digest,
  signal: AbortSignal,
): Promise<void> {
  await writeSmallFile(folder, recordFile(inputs), `${digest}\n`, signal);
}

function recordFile(inputs: Digest): string {
  return `built/${hexOf(inputs)}`;
}

async function isComplete(
  folder: string,
  digest: Digest,
  ownLayers: number,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const bytes = await readContent(folder, digest, signal);
    if (bytes === undefined) return false;
    const content = parseManifest(manifestBytes(bytes, undefined, folder), folder);
    if (content.kind === 'index') {
      for (const child of content.manifests)
        if (!(await isComplete(folder, child.digest, ownLayers, signal))) return false;
      return true;
    }
    for (const blob of [content.config, ...content.layers.slice(-ownLayers)])
      if (!(await hasContent(folder, blob))) return false;
    return true;
  } catch (error) {
    // Content that is broken is built again.
    if (error instanceof ControllerError && isBroken(error)) return false;
    throw error;
  }
}

function isBroken({ code }: ControllerError): boolean {
  return code === 'DIGEST_MISMATCH' || code === 'MANIFEST_INVALID';
}
