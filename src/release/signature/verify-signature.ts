import type { KeyID, Message } from 'openpgp';
import { ControllerError } from '../../base/controller-error.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { KeyRing } from './key-ring.ts';
import type { ReleaseSignature } from './release-signature.ts';
import { SignatureFault, shown } from './signature-fault.ts';
import { readSignedText } from './signed-text.ts';

/** What a signature has at most, as it is sent, bytes (spec, releases-helm, 3.3). */
export const SIGNATURE_LIMIT_BYTES = 50 * 1024;

const CONFIG = {
  /** A signature is compressed; what it unpacks to is a few hundred bytes. */
  maxDecompressedMessageSize: 1024 ** 2,
  /** A signature that cannot be read is none, rather than left out. */
  ignoreUnsupportedPackets: false,
  /**
   * A key whose life was prolonged has a newer self-signature than old releases, and often that one alone. To clusters
   * it counts all the same.
   */
  allowInsecureVerificationWithReformattedKeys: true,
} as const;

/**
 * OpenPGP.js compares the times of a signature with none: what it calls expired at a date is checked here, and a clock that
 * is late, which clusters do not mind either, makes no signature bad.
 */
const NO_DATE = null as unknown as Date;

/**
 * Verifies a signature of a payload by the rules of the cluster (spec, releases-helm, 3.3): an OpenPGP message whose text
 * speaks of exactly this payload, signed by a key of the ring, not expired at `now`. A key has to be good at the time of the
 * signature alone, so that old releases outlive it. Of several signatures of one text the innermost counts.
 * @param payload the digest as the graph lists it
 * @throws ControllerError SIGNATURE_INVALID with the rule that is broken
 */
export async function verifySignature(
  bytes: Uint8Array,
  payload: Digest,
  ring: KeyRing,
  now: Date,
): Promise<ReleaseSignature> {
  try {
    return await checkSignature(bytes, payload, ring, now);
  } catch (error) {
    if (!(error instanceof SignatureFault)) throw error;
    throw new ControllerError(
      'SIGNATURE_INVALID',
      `the signature of ${payload} does not count: ${error.message}`,
      {
        remedy: 'wait-for-change',
        hint: 'Get the signature again, and check that the keys are those of whoever publishes the release.',
        cause: error,
      },
    );
  }
}

/** As `verifySignature`. @throws SignatureFault */
export async function checkSignature(
  bytes: Uint8Array,
  payload: Digest,
  ring: KeyRing,
  now: Date,
): Promise<ReleaseSignature> {
  if (bytes.byteLength > SIGNATURE_LIMIT_BYTES)
    throw new SignatureFault(`it has more than ${SIGNATURE_LIMIT_BYTES} bytes`);
  const text = await verifiedText(await readSigned(bytes), ring, now);
  return { bytes, digest: digestOf(bytes), reference: readSignedText(text, payload) };
}

/** A message that is a text and signatures of it, announced before it. */
interface SignedMessage {
  readonly message: Message<Uint8Array>;
  /** How many signatures it announces; at least one. */
  readonly signatures: number;
}

async function readSigned(bytes: Uint8Array): Promise<SignedMessage> {
  const { enums, readMessage } = await import('openpgp');
  const message = await readMessage({ binaryMessage: bytes, config: CONFIG }).catch(
    (error: unknown) => {
      throw fault('it is no OpenPGP message', error);
    },
  );
  const tags = message.unwrapCompressed().packets.map((one) => tagOf(one));
  const textAt = tags.indexOf(enums.packet.literalData);
  if (textAt < 0) throw new SignatureFault('it has no text in it');
  const before = tags.slice(0, textAt);
  if (before.length === 0) throw new SignatureFault('its text is not signed');
  if (before.some((tag) => tag !== enums.packet.onePassSignature))
    throw new SignatureFault('its signatures do not follow its text');
  return { message, signatures: before.length };
}

/** The text, once a key of the ring was seen to have signed all of it. */
async function verifiedText(
  { message, signatures: announced }: SignedMessage,
  ring: KeyRing,
  now: Date,
): Promise<Uint8Array> {
  const { verify } = await import('openpgp');
  const options = { message, format: 'binary', date: NO_DATE, config: CONFIG } as const;
  const verificationKeys = [...ring.keys];
  const result = await verify({ ...options, verificationKeys }).catch((error: unknown) => {
    throw fault('it cannot be read to its end', error);
  });
  const [innermost] = result.signatures;
  if (innermost === undefined || result.signatures.length !== announced)
    throw new SignatureFault('its text is not signed as text');
  const { keyID } = innermost;
  const keyId = nameOf(keyID);
  if (!ring.keys.some((key) => key.getKeys(keyID).length > 0)) {
    const known = ring.keys.map((key) => nameOf(key.getKeyID())).slice(0, 10);
    throw new SignatureFault(
      `it is by key ${keyId}, which is not among the keys that count (${ring.name}: ${known.join(', ')})`,
    );
  }
  await innermost.verified.catch((error: unknown) => {
    throw fault(`it is no good signature by key ${keyId}`, error);
  });
  const expires = (await innermost.signature).packets[0]?.getExpirationTime();
  if (expires instanceof Date && expires <= now)
    throw new SignatureFault(`it expired at ${expires.toISOString()}; it is by key ${keyId}`);
  return result.data as Uint8Array;
}

function nameOf(keyId: KeyID): string {
  return keyId.toHex().toUpperCase() || 'without an id';
}

function fault(what: string, cause: unknown): SignatureFault {
  const reason = cause instanceof Error ? shown(cause.message) : 'it cannot be parsed';
  return new SignatureFault(`${what}: ${reason}`, { cause });
}

/** The type of a packet (RFC 9580, section 5), which its class tells. */
function tagOf(packet: object): unknown {
  return 'tag' in packet.constructor ? packet.constructor.tag : undefined;
}
