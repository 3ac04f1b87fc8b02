import { ControllerError } from '../base/controller-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { Attachments, ImageSource } from '../oci/ends.ts';

export type FoundAttachments =
  | { readonly kind: 'found'; readonly attachments: Attachments }
  | { readonly kind: 'refused'; readonly error: ControllerError };

/**
 * Looks for what belongs to an image, at a source or a target. A registry that does not let us look is an
 * answer, since it will never; one that cannot answer now is an error.
 */
export async function findAttachments(
  end: Pick<ImageSource, 'name' | 'findAttachments'>,
  digest: Digest,
  signal: AbortSignal,
): Promise<FoundAttachments> {
  try {
    return { kind: 'found', attachments: await end.findAttachments(digest, signal) };
  } catch (error) {
    if (signal.aborted || !(error instanceof ControllerError)) throw error;
    if (error.remedy === 'retry-later' && !REFUSALS.includes(error.code)) throw error;
    return { kind: 'refused', error };
  }
}

const REFUSALS: readonly string[] = [
  'REGISTRY_DENIED',
  'REGISTRY_UNAUTHORIZED',
  'REGISTRY_NOT_FOUND',
  'REGISTRY_REFUSED',
];
