import { ControllerError } from '../../base/controller-error.ts';
import type { Digest } from '../../oci/digest.ts';

/**
 * The digest of the image that graph images are built on.
 * @throws ControllerError what `lookUp` throws, with what the image is for and where it is named.
 */
export async function lookUpBase(lookUp: () => Promise<Digest>): Promise<Digest> {
  try {
    return await lookUp();
  } catch (error) {
    if (!(error instanceof ControllerError) || error.code === 'ABORTED') throw error;
    const { code, remedy, message, hint } = error;
    const advice = hint === undefined ? '' : `${hint} `;
    throw new ControllerError(code, `the image that it is built on cannot be had: ${message}`, {
      remedy,
      hint: `${advice}Another one can be named: releases.graphBase in the settings, GRAPH_BASE_OVERRIDE for mirror.`,
      cause: error,
    });
  }
}
