import { ControllerError } from '../../base/controller-error.ts';
import { type Digest, hexOf } from '../../oci/digest.ts';
import { type RegistryReference, formatReference, parseReference } from '../../oci/reference.ts';
import type { ReleaseSignature } from '../../release/signature/release-signature.ts';
import type { ChosenPayload } from './chosen-payload.ts';
import type { ReleaseTools } from './release-tools.ts';

/** A payload whose digest, signature and name are known. */
export interface IdentifiedPayload {
  readonly digest: Digest;
  /** The tag that it gets, and that the tags of its components begin with. */
  readonly release: string;
  /** What it is called, read and copied from: the name in its signature, where it has one (spec, releases-helm, 2.1). */
  readonly source: RegistryReference;
  /** Absent where it is taken unsigned. */
  readonly signature?: ReleaseSignature;
}

/** What architectures are called in the tags of releases (spec, releases-helm, 1.8). */
const TAG_ARCHITECTURES: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/**
 * Looks up the digest and a good signature of a payload. It is verified and read by this digest alone; tags only name.
 * @throws ControllerError REFERENCE_INVALID, PAYLOAD_INVALID, SIGNATURE_MISSING, SIGNATURE_INVALID, and those of the
 *   registry and of the signature store
 */
export async function identifyPayload(
  chosen: ChosenPayload,
  tools: Pick<ReleaseTools, 'signatures' | 'lookUpDigest' | 'mayBeUnsigned'>,
  signal: AbortSignal,
): Promise<IdentifiedPayload> {
  const reference = registryReference(chosen.payload);
  const digest = reference.digest ?? (await tools.lookUpDigest(reference, signal));
  const isPinned = chosen.kind === 'pinned';
  if (tools.mayBeUnsigned(digest, { isPinned })) return unsigned(chosen, reference, digest);
  const signature = isPinned
    ? await findOfAnyType(digest, tools.signatures, signal)
    : await tools.signatures[chosen.type].find(digest, signal);
  if (signature === undefined) throw missing(reference, digest, isPinned);
  const release = signature.reference.tag;
  if (release === undefined) {
    throw new ControllerError(
      'SIGNATURE_INVALID',
      `the signature of ${digest} names no tag: ${formatReference(signature.reference)}`,
      { remedy: 'wait-for-change', hint: 'Tell who signs the release.' },
    );
  }
  return { digest, release, source: signature.reference, signature };
}

function registryReference(text: string): RegistryReference {
  const reference = parseReference(text);
  if (reference.kind === 'registry') return reference;
  throw new ControllerError('PAYLOAD_INVALID', `the payload ${text} is not at a registry`, {
    remedy: 'wait-for-change',
    hint: 'Name it like quay.io/openshift-release-dev/ocp-release@sha256:…',
  });
}

/** A payload that is taken as it is keeps its own name (spec, releases-helm, 2.3 and 2.4). */
function unsigned(
  chosen: ChosenPayload,
  reference: RegistryReference,
  digest: Digest,
): IdentifiedPayload {
  const { tag, ...byDigest } = { ...reference, digest };
  if (chosen.kind === 'pinned') {
    return { digest, release: hexOf(digest), source: byDigest };
  }
  const { version, architecture, type } = chosen;
  const suffix = TAG_ARCHITECTURES[architecture] ?? architecture;
  const release = type === 'okd' ? version : `${version}-${suffix}`;
  return { digest, release, source: reference };
}

/**
 * A payload that a document names by itself says nothing of its type: the store of OpenShift is asked first. Where that has
 * nothing, the one of OKD counts, unless it cannot be asked: what most pin is OpenShift.
 */
async function findOfAnyType(
  digest: Digest,
  { ocp, okd }: ReleaseTools['signatures'],
  signal: AbortSignal,
): Promise<ReleaseSignature | undefined> {
  const found = await ocp.find(digest, signal);
  if (found !== undefined || ocp === okd) return found;
  try {
    return await okd.find(digest, signal);
  } catch (error) {
    if (!(error instanceof ControllerError) || signal.aborted) throw error;
    if (error.code === 'SIGNATURE_INVALID') throw error;
    throw new ControllerError(
      'SIGNATURE_MISSING',
      `no signature found for ${hexOf(digest)} among those of OpenShift, and those of OKD cannot be asked: ${error.message}`,
      {
        remedy: error.remedy,
        hint: `${MISSING_HINT}${UNSIGNED_PINNED} If it is a release of OKD: ${error.hint ?? ''}`,
        cause: error,
      },
    );
  }
}

const MISSING_HINT =
  'Check the signature store (releases.signatureUrl in the settings, OCP_SIGNATURE_URL for mirror). Who trusts the image takes it unsigned: releases.unsigned in the settings, ';
const UNSIGNED_PINNED = 'or mirror --ignore-release-signature.';

function missing(reference: RegistryReference, digest: Digest, isPinned: boolean): ControllerError {
  const { tag, ...byDigest } = { ...reference, digest };
  return new ControllerError(
    'SIGNATURE_MISSING',
    `no signature found for ${hexOf(digest)} image ${formatReference(byDigest)}`,
    {
      // Releases are signed some time after they are in the graph.
      remedy: 'retry-later',
      hint: isPinned
        ? `${MISSING_HINT}${UNSIGNED_PINNED}`
        : `${MISSING_HINT}or platform.release and mirror --ignore-release-signature.`,
    },
  );
}
