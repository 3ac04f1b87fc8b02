import type { Digest } from '../../oci/digest.ts';
import type { RegistryReference } from '../../oci/reference.ts';
import type { GraphSource, ReleaseType } from '../../release/graph/update-graph.ts';
import type { PayloadContent } from '../../release/payload/payload-content.ts';
import type { SignatureStore } from '../../release/signature/release-signature.ts';

/** What releases are found with; opened at the edge, for one pass. */
export interface ReleaseTools {
  readonly graphs: GraphSource;
  readonly signatures: Readonly<Record<ReleaseType, SignatureStore>>;
  /**
   * Reads a payload by its digest from the repository of a reference.
   * @throws ControllerError PAYLOAD_INVALID, and those of the registry
   */
  readonly readPayload: (
    reference: RegistryReference,
    digest: Digest,
    signal: AbortSignal,
  ) => Promise<PayloadContent>;
  /** The digest of a payload that is named by tag alone. @throws ControllerError those of the registry */
  readonly lookUpDigest: (reference: RegistryReference, signal: AbortSignal) => Promise<Digest>;
  /**
   * Whether a payload may be taken without a signature that counts; `isPinned`: an image set names it itself.
   * No signature is looked for then.
   */
  readonly mayBeUnsigned: (digest: Digest, payload: { readonly isPinned: boolean }) => boolean;
  /** Most graphs asked and payloads read at a time. */
  readonly parallel: number;
}
