import { findBuilt } from '../../built/build-record.ts';
import type { Digest } from '../../oci/digest.ts';

/** Layers that a rebuilt catalog has of its own: the last ones. */
const OWN_LAYERS = 2;

/**
 * The index of the catalog that was built of the inputs (`catalogInputs`), if the folder still has all that is not in the
 * source; undefined where it has to be built.
 */
export function findRebuilt(
  folder: string,
  inputs: Digest,
  signal: AbortSignal,
): Promise<Digest | undefined> {
  return findBuilt(folder, inputs, OWN_LAYERS, signal);
}
