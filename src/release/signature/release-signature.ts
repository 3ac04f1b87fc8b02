import type { Digest } from '../../oci/digest.ts';
import type { RegistryReference } from '../../oci/reference.ts';

/** A signature of a payload that was verified (spec, releases-helm, 3.3). */
export interface ReleaseSignature {
  /** As the store has it: an OpenPGP message. */
  readonly bytes: Uint8Array;
  /** Of `bytes`. */
  readonly digest: Digest;
  /** `critical.identity.docker-reference`: by tag. */
  readonly reference: RegistryReference;
}

/** Where signatures of one type of releases come from, and the keys that count. */
export interface SignatureStore {
  /**
   * The first signature of a payload that is good: of those that are kept, else of the store.
   * @param payload the digest as the graph lists it
   * @returns undefined where the payload has no signature at all
   * @throws ControllerError SIGNATURE_INVALID where it has some, and none is good; DOWNLOAD_FAILED
   */
  find(payload: Digest, signal: AbortSignal): Promise<ReleaseSignature | undefined>;
}
