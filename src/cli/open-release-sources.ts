import { ControllerError } from '../base/controller-error.ts';
import type { Digest } from '../oci/digest.ts';
import { buildGraphImage } from '../release/graph-image/build-graph-image.ts';
import { fetchGraphData } from '../release/graph-image/fetch-graph-data.ts';
import type { KeepAs } from '../release/graph/kept-graphs.ts';
import {
  OCP_GRAPH_URL,
  OKD_GRAPH_URL,
  openGraphSource,
} from '../release/graph/open-graph-source.ts';
import type { ReleaseType } from '../release/graph/update-graph.ts';
import { readPayload } from '../release/payload/read-payload.ts';
import type { ReleaseSources } from '../release/release-sources.ts';
import type { KeyRing } from '../release/signature/key-ring.ts';
import type { SignatureStore } from '../release/signature/release-signature.ts';
import { SignatureFault } from '../release/signature/signature-fault.ts';
import { openSignatureStore } from '../release/signature/signature-store.ts';
import { OCP_SIGNATURE_URL, OKD_SIGNATURE_URL } from '../release/signature/signature-url.ts';
import { checkSignature } from '../release/signature/verify-signature.ts';
import type { WebClient } from '../web/web-client.ts';
import { parseWebUrl, shownUrl } from '../web/web-url.ts';

/** Where releases of one type come from. */
export interface ReleaseEnd {
  /** Default: the public update service. */
  readonly graphUrl?: string | undefined;
  /** Default: the public store. */
  readonly signatureUrl?: string | undefined;
  /** The keys that count, or why no signature does. Read when the first signature is looked for. */
  readonly readKeys: () => Promise<KeyRing | ControllerError>;
  /** Whether anybody, or the program itself, says which keys count. */
  readonly hasKeys: boolean;
  /** What people call these where they set them. */
  readonly names: {
    readonly graphUrl: string;
    readonly signatureUrl: string;
    readonly keys: string;
  };
}

/** What a face of the program says about where releases come from. */
export interface ReleaseEnds {
  readonly ends: Readonly<Record<ReleaseType, ReleaseEnd>>;
  /** Payloads that are taken without a signature. */
  readonly unsigned: ReadonlySet<Digest>;
  readonly graphDataUrl?: string | undefined;
  /** What people call that where they set it. */
  readonly graphDataName: string;
  readonly graphBase?: string | undefined;
}

/** Keep what was read and built; can be thrown away at any time. */
export interface ReleaseFolders {
  readonly graphs: string;
  readonly keepGraphsAs: KeepAs;
  readonly signatures: string;
  readonly payloads: string;
  readonly graphImage: string;
}

/** Where the graph data of OpenShift are (spec, releases-helm, 1.1). */
export const GRAPH_DATA_URL = 'https://api.openshift.com/api/upgrades_info/graph-data';
/** What a graph image is built on. */
export const GRAPH_BASE = 'registry.access.redhat.com/ubi9/ubi:latest';

/**
 * Opens where releases come from; asks nobody, and reads no keys, before that is needed.
 * @throws ControllerError SETTINGS_INVALID for what is no URL.
 */
export function openReleaseSources(
  { ends, unsigned, graphDataUrl, graphDataName, graphBase = GRAPH_BASE }: ReleaseEnds,
  folders: ReleaseFolders,
  { web, now }: { readonly web: WebClient; readonly now: () => Date },
): Omit<ReleaseSources, 'tidy'> {
  const { ocp, okd } = ends;
  const graphUrls = {
    ocp: parseWebUrl(ocp.graphUrl ?? OCP_GRAPH_URL, ocp.names.graphUrl),
    okd: parseWebUrl(okd.graphUrl ?? OKD_GRAPH_URL, okd.names.graphUrl),
  };
  const dataUrl = parseWebUrl(graphDataUrl ?? GRAPH_DATA_URL, graphDataName);
  const open = (end: ReleaseEnd, byDefault: string): LazyStore =>
    lazyStore(end, byDefault, { web, now, folder: folders.signatures });
  const ocpStore = open(ocp, OCP_SIGNATURE_URL);
  const stores = {
    ocp: ocpStore,
    // One store for both is asked once for what it does not have.
    okd: isOneStore(ocp, okd) ? ocpStore : open(okd, OKD_SIGNATURE_URL),
  };
  return {
    openGraphs: (freshness) =>
      openGraphSource({
        ...{ web, freshness, urls: graphUrls },
        ...{ folder: folders.graphs, keepAs: folders.keepGraphsAs },
      }),
    signatures: stores,
    async isSignedBy(payload, signature) {
      const byOcp = await isSigned(stores.ocp, payload, signature, now());
      if (byOcp === true) return true;
      const byOkd = await isSigned(stores.okd, payload, signature, now());
      return byOcp === undefined && byOkd === false ? undefined : byOkd;
    },
    unsigned,
    readPayload: (source, digest, signal) =>
      readPayload(source, digest, { name: source.name, folder: folders.payloads }, signal),
    graphImage: {
      url: shownUrl(dataUrl),
      base: graphBase,
      fetchData: (freshness, signal) =>
        fetchGraphData({ web, url: dataUrl, folder: folders.graphImage, freshness }, signal),
      build: ({ source, digest }, data, signal) => {
        const base = { base: source, baseDigest: digest };
        return buildGraphImage({ ...base, data, folder: folders.graphImage }, signal);
      },
    },
  };
}

function isOneStore(ocp: ReleaseEnd, okd: ReleaseEnd): boolean {
  const { signatureUrl } = ocp;
  const isOneUrl = signatureUrl !== undefined && signatureUrl === okd.signatureUrl;
  return isOneUrl && ocp.readKeys === okd.readKeys;
}

interface LazyStore extends SignatureStore {
  readonly readKeys: () => Promise<KeyRing | ControllerError>;
  readonly hasKeys: boolean;
}

/** Keys are read, and what reads them is loaded, when the first signature is looked for. */
function lazyStore(
  end: ReleaseEnd,
  byDefault: string,
  options: { readonly web: WebClient; readonly now: () => Date; readonly folder: string },
): LazyStore {
  const { signatureUrl = byDefault, names, hasKeys } = end;
  const url = parseWebUrl(signatureUrl, names.signatureUrl);
  let keys: Promise<KeyRing | ControllerError> | undefined;
  let store: SignatureStore | undefined;
  const readKeys = async (): Promise<KeyRing | ControllerError> => {
    const ring = await (keys ??= end.readKeys());
    // A file that was wrong may be right the next time.
    if (ring instanceof ControllerError) keys = undefined;
    return ring;
  };
  return {
    ...{ readKeys, hasKeys },
    async find(payload, signal) {
      const ring = await readKeys();
      if (ring instanceof ControllerError) throw ring;
      store ??= openSignatureStore({
        ...{ ...options, url, ring },
        names: { url: names.signatureUrl, keys: names.keys },
      });
      return store.find(payload, signal);
    },
  };
}

/** Undefined: nobody can tell, since the keys cannot be read. */
async function isSigned(
  store: LazyStore,
  payload: Digest,
  signature: Uint8Array,
  now: Date,
): Promise<boolean | undefined> {
  if (!store.hasKeys) return false;
  const ring = await store.readKeys();
  if (ring instanceof ControllerError) return undefined;
  try {
    await checkSignature(signature, payload, ring, now);
    return true;
  } catch (error) {
    if (error instanceof SignatureFault) return false;
    throw error;
  }
}
