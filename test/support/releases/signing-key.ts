import { type KeyObject, createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import {
  armoured,
  fingerprintOf,
  hashedCertification,
  packet,
  publicKeyBody,
  signaturePacket,
} from './openpgp-packets.ts';

/** A key that signs releases. */
export interface SigningKey {
  /** The public key, ASCII-armoured: what a keys file holds. */
  readonly armoured: string;
  /** The same in binary. */
  readonly binary: Buffer;
  /** 40 hexadecimal digits, lower case. */
  readonly fingerprint: string;
  readonly privateKey: KeyObject;
}

export interface SigningKeyOptions {
  readonly created?: Date;
  /** Seconds after its creation that the key is good for; default: for ever. */
  readonly lifetime?: number;
}

const CREATED = new Date('2020-01-01T00:00:00Z');
/** What comes before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An OpenPGP key with Ed25519. Same seed, same key. */
export function makeSigningKey(
  seed = 'release',
  { created = CREATED, lifetime }: SigningKeyOptions = {},
): SigningKey {
  const secret = createHash('sha256').update(`signing key ${seed}`).digest();
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8, secret]),
    format: 'der',
    type: 'pkcs8',
  });
  const point = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  const body = publicKeyBody(point, created);
  const fingerprint = fingerprintOf(body);
  const userId = `Test releases (${seed}) <${seed}@releases.example>`;
  const certification = signaturePacket(hashedCertification(body, userId), {
    ...{ type: 0x13, created, fingerprint, privateKey },
    subpackets: new Map([
      ...(lifetime === undefined ? [] : ([[9, word(lifetime)]] as const)),
      // It may certify and sign.
      [27, Buffer.from([0x03])] as const,
    ]),
  });
  const binary = Buffer.concat([packet(6, body), packet(13, Buffer.from(userId)), certification]);
  return {
    ...{ binary, privateKey },
    armoured: armoured('PUBLIC KEY BLOCK', binary),
    fingerprint: fingerprint.toString('hex'),
  };
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
