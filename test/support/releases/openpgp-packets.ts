import { createHash, sign, type KeyObject } from 'node:crypto';

/**
 * The few parts of OpenPGP that signed releases are made of, written by hand: what our verifier reads in tests was not
 * written by the library that it uses, and the same input gives the same bytes. Source: RFC 9580.
 */

const SHA256 = 8;
/** EdDSA with Ed25519 as GnuPG writes it in version 4 packets. */
const EDDSA = 22;
const ED25519_OID = Buffer.from('2b06010401da470f01', 'hex');

/** RFC 9580, 4.2. */
export function packet(tag: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0xc0 | tag]), lengthOf(body.length), body]);
}

/** The body of a public key packet, version 4 (RFC 9580, 5.5.2.2). `point`: 32 bytes. */
export function publicKeyBody(point: Uint8Array, created: Date): Buffer {
  const head = Buffer.from([4, ...seconds(created), EDDSA, ED25519_OID.length]);
  return Buffer.concat([head, ED25519_OID, integer(Buffer.concat([Buffer.from([0x40]), point]))]);
}

/** RFC 9580, 5.5.4.2. */
export function fingerprintOf(keyBody: Uint8Array): Buffer {
  return createHash('sha1').update(hashedKey(keyBody)).digest();
}

/** What a certification of a user id hashes (RFC 9580, 5.2.4). */
export function hashedCertification(keyBody: Uint8Array, userId: string): Buffer {
  const name = Buffer.from(userId);
  const length = Buffer.alloc(5);
  length[0] = 0xb4;
  length.writeUInt32BE(name.length, 1);
  return Buffer.concat([hashedKey(keyBody), length, name]);
}

export interface SignatureParts {
  /** 0: of a binary document; 0x13: of a user id. */
  readonly type: number;
  readonly created: Date;
  readonly fingerprint: Buffer;
  readonly privateKey: KeyObject;
  /** Seconds after its creation that it holds. */
  readonly lifetime?: number;
  /** More subpackets, by type. */
  readonly subpackets?: ReadonlyMap<number, Uint8Array>;
}

/** A signature packet, version 4 (RFC 9580, 5.2.3). */
export function signaturePacket(content: Uint8Array, parts: SignatureParts): Buffer {
  const hashed = [
    subpacket(2, seconds(parts.created)),
    ...(parts.lifetime === undefined ? [] : [subpacket(3, word(parts.lifetime))]),
    ...[...(parts.subpackets ?? [])].map(([type, body]) => subpacket(type, body)),
    subpacket(33, Buffer.concat([Buffer.from([4]), parts.fingerprint])),
  ];
  const head = Buffer.concat([Buffer.from([4, parts.type, EDDSA, SHA256]), area(hashed)]);
  const trailer = Buffer.concat([Buffer.from([4, 0xff]), word(head.length)]);
  const digest = createHash('sha256').update(content).update(head).update(trailer).digest();
  const signature = sign(null, digest, parts.privateKey);
  return packet(
    2,
    Buffer.concat([
      head,
      area([subpacket(16, keyIdOf(parts.fingerprint))]),
      digest.subarray(0, 2),
      integer(signature.subarray(0, 32)),
      integer(signature.subarray(32)),
    ]),
  );
}

/** It announces the signature that follows a document (RFC 9580, 5.4). */
export function onePassPacket(fingerprint: Buffer): Buffer {
  return packet(
    4,
    Buffer.concat([Buffer.from([3, 0, SHA256, EDDSA]), keyIdOf(fingerprint), Buffer.from([1])]),
  );
}

/** RFC 9580, 5.9. */
export function literalPacket(content: Uint8Array, created: Date): Buffer {
  return packet(11, Buffer.concat([Buffer.from('b\0'), seconds(created), content]));
}

/** RFC 9580, 6.2; without the checksum that nobody reads any more. */
export function armoured(what: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN PGP ${what}-----`, '', ...lines, `-----END PGP ${what}-----`, ''].join('\n');
}

function hashedKey(keyBody: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x99, keyBody.length >> 8, keyBody.length & 255]), keyBody]);
}

function keyIdOf(fingerprint: Buffer): Buffer {
  return fingerprint.subarray(-8);
}

function subpacket(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([lengthOf(body.length + 1), Buffer.from([type]), body]);
}

function area(subpackets: readonly Buffer[]): Buffer {
  const body = Buffer.concat(subpackets);
  return Buffer.concat([Buffer.from([body.length >> 8, body.length & 255]), body]);
}

/** A multiprecision integer (RFC 9580, 3.2). */
function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(first);
  const bits = digits.length * 8 - Math.clz32(digits[0] ?? 0) + 24;
  return Buffer.concat([Buffer.from([bits >> 8, bits & 255]), digits]);
}

function lengthOf(length: number): Buffer {
  if (length < 192) return Buffer.from([length]);
  if (length < 8384) return Buffer.from([((length - 192) >> 8) + 192, (length - 192) & 255]);
  return Buffer.concat([Buffer.from([255]), word(length)]);
}

function seconds(date: Date): Buffer {
  return word(Math.floor(date.getTime() / 1000));
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
