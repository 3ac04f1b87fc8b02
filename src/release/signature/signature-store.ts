import { ControllerError } from '../../base/controller-error.ts';
import { type Digest, algorithmOf, hexOf } from '../../oci/digest.ts';
import type { WebClient } from '../../web/web-client.ts';
import type { KeyRing } from './key-ring.ts';
import { keepSignature, readKeptSignatures } from './kept-signatures.ts';
import type { ReleaseSignature, SignatureStore } from './release-signature.ts';
import { SignatureFault } from './signature-fault.ts';
import { SIGNATURE_LIMIT_BYTES, checkSignature } from './verify-signature.ts';

/** As many as the cluster tries (spec, releases-helm, 3.3). */
const MOST_SIGNATURES = 9;

export interface SignatureStoreOptions {
  readonly web: WebClient;
  /** Above the folders of the payloads, with or without a slash at its end. */
  readonly url: URL;
  /** The keys that count, or why no signature does: every payload fails with it then. */
  readonly ring: KeyRing | ControllerError;
  /** Keeps signatures that were good (spec, releases-helm, 2.6: `signatures`). */
  readonly folder: string;
  /** What people call the URL and the keys where they set them. */
  readonly names: { readonly url: string; readonly keys: string };
  /** The time that signatures expire by. */
  readonly now: () => Date;
}

/**
 * Signatures from a store of files over HTTP. Who asks for a payload that is being looked for gets what is found; one that was
 * found is kept, so that it is asked for once.
 */
export function openSignatureStore(options: SignatureStoreOptions): SignatureStore {
  const running = new Map<Digest, Promise<ReleaseSignature | undefined>>();
  return {
    async find(payload, signal) {
      const { ring } = options;
      if (ring instanceof ControllerError) throw ring;
      const search = running.get(payload) ?? findSignature({ ...options, ring }, payload, signal);
      running.set(payload, search);
      try {
        return await search;
      } finally {
        running.delete(payload);
      }
    },
  };
}

async function findSignature(
  options: SignatureStoreOptions & { readonly ring: KeyRing },
  payload: Digest,
  signal: AbortSignal,
): Promise<ReleaseSignature | undefined> {
  const { web, url, ring, folder, names, now } = options;
  for (const { bytes } of await readKeptSignatures(folder, payload, signal)) {
    const kept = await checkOrFault(bytes, payload, ring, now());
    if (!(kept instanceof SignatureFault)) return kept;
  }
  const refused: string[] = [];
  for (let number = 1; number <= MOST_SIGNATURES; number += 1) {
    const place = signatureUrl(url, payload, number);
    const answer = await web.get(place, { limitBytes: SIGNATURE_LIMIT_BYTES }, signal);
    if (answer.kind !== 'found') break;
    const signature = await checkOrFault(answer.body, payload, ring, now());
    if (signature instanceof SignatureFault) {
      refused.push(`signature-${number}: ${signature.message}`);
      continue;
    }
    await keepSignature(folder, payload, signature);
    return signature;
  }
  if (refused.length === 0) return undefined;
  throw new ControllerError(
    'SIGNATURE_INVALID',
    `no signature of ${payload} counts (${url.origin}${url.pathname}): ${refused.join('; ')}`,
    {
      remedy: 'wait-for-change',
      hint: `Check ${names.url} and ${names.keys}; ask whoever publishes the release for a good signature.`,
    },
  );
}

async function checkOrFault(
  bytes: Uint8Array,
  payload: Digest,
  ring: KeyRing,
  now: Date,
): Promise<ReleaseSignature | SignatureFault> {
  try {
    return await checkSignature(bytes, payload, ring, now);
  } catch (error) {
    if (error instanceof SignatureFault) return error;
    throw error;
  }
}

/** `BASE/sha256=HEX/signature-N` (spec, releases-helm, 3.2). */
function signatureUrl(base: URL, payload: Digest, number: number): URL {
  const url = new URL(base);
  const folder = url.pathname.replace(/\/+$/, '');
  url.pathname = `${folder}/${algorithmOf(payload)}=${hexOf(payload)}/signature-${number}`;
  return url;
}
