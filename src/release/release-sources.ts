import type { Digest } from '../oci/digest.ts';
import type { ImageSource } from '../oci/ends.ts';
import type { BuiltGraphImage, GraphData } from './graph-image/graph-image.ts';
import type { GraphSource, ReleaseType } from './graph/update-graph.ts';
import type { PayloadContent } from './payload/payload-content.ts';
import type { SignatureStore } from './signature/release-signature.ts';

/** `kept`: what was kept is taken without a request; `now`: the server is asked, with a validator where one is known. */
export type Freshness = 'kept' | 'now';

/** Where releases come from, for all passes of a process; what is kept of it can be thrown away at any time. */
export interface ReleaseSources {
  openGraphs(freshness: Freshness): GraphSource;
  readonly signatures: Readonly<Record<ReleaseType, SignatureStore>>;
  /** Whether bytes are a good signature of a payload, by any of the keys; undefined: the keys cannot be read. */
  isSignedBy(payload: Digest, signature: Uint8Array): Promise<boolean | undefined>;
  /** Payloads that are taken without a signature. */
  readonly unsigned: ReadonlySet<Digest>;
  /** @throws ControllerError PAYLOAD_INVALID, and those of the source */
  readPayload(source: ImageSource, digest: Digest, signal: AbortSignal): Promise<PayloadContent>;
  readonly graphImage: GraphImageSources;
  /** Removes what was not used for the longest time where much is kept. Best effort. */
  tidy(signal: AbortSignal): Promise<void>;
}

export interface GraphImageSources {
  /** Of the tarball. */
  readonly url: string;
  /** The reference of the image that it is built on. */
  readonly base: string;
  /** @throws ControllerError DOWNLOAD_FAILED, GRAPH_DATA_INVALID */
  fetchData(freshness: Freshness, signal: AbortSignal): Promise<GraphData>;
  /** @throws ControllerError, those of the base's source among them */
  build(
    base: { readonly source: ImageSource; readonly digest: Digest },
    data: GraphData,
    signal: AbortSignal,
  ): Promise<BuiltGraphImage>;
}
