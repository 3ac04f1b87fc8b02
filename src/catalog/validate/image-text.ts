import { ControllerError } from '../../base/controller-error.ts';
import { parseReference } from '../../oci/reference.ts';

/** What almost every image of a catalog looks like; the parser reads the others. */
const BY_DIGEST =
  /^[a-z0-9][a-z0-9.-]{0,100}[a-z0-9](?:\/[a-z0-9]+(?:[._-][a-z0-9]+){0,20}){1,8}@sha256:[0-9a-f]{64}$/;

/** Whether a bundle image or related image is a reference a cluster could pull (spec, operator-catalogs, 1.6, V9). */
export function isImageText(text: string): boolean {
  if (BY_DIGEST.test(text)) return true;
  // A transport is for people who call a tool; in a catalog it is a mistake.
  if (text.includes('://')) return false;
  try {
    parseReference(text);
    return true;
  } catch (error) {
    if (error instanceof ControllerError && error.code === 'REFERENCE_INVALID') return false;
    throw error;
  }
}
