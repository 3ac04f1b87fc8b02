import { deflateRawSync } from 'node:zlib';
import { literalPacket, onePassPacket, packet, signaturePacket } from './openpgp-packets.ts';
import type { SigningKey } from './signing-key.ts';

export interface ReleaseSignatureOptions {
  /** Of the payload. */
  readonly digest: string;
  /** The payload by tag. */
  readonly reference: string;
  readonly key: SigningKey;
  readonly created?: Date;
  /** It held for an hour, years ago. */
  readonly expired?: boolean;
  /** Default: what signatures of containers are. */
  readonly type?: string;
  /** The whole text that is signed, in place of the JSON. */
  readonly text?: string;
  /** What the message says in place of what was signed. */
  readonly changedTo?: string;
  /** Default: with ZIP. */
  readonly compressed?: boolean;
}

/** The text of a signature (spec, releases-helm, 3.1). */
export function signatureText({
  digest,
  reference,
  type = 'atomic container signature',
}: Pick<ReleaseSignatureOptions, 'digest' | 'reference' | 'type'>): string {
  return JSON.stringify({
    critical: {
      type,
      image: { 'docker-manifest-digest': digest },
      identity: { 'docker-reference': reference },
    },
    optional: { creator: 'Test Signing Authority 0.0.1' },
  });
}

/** A signed message as the stores of releases have them: one pass, binary, compressed. Same options, same bytes. */
export function signRelease(options: ReleaseSignatureOptions): Buffer {
  const { key, expired = false, compressed = true } = options;
  const created = options.created ?? new Date('2024-02-28T12:00:00Z');
  const fingerprint = Buffer.from(key.fingerprint, 'hex');
  const signed = Buffer.from(options.text ?? signatureText(options));
  const shown = options.changedTo === undefined ? signed : Buffer.from(options.changedTo);
  const message = Buffer.concat([
    onePassPacket(fingerprint),
    literalPacket(shown, created),
    signaturePacket(signed, {
      ...{ type: 0, created, fingerprint, privateKey: key.privateKey },
      ...(expired ? { lifetime: 3600 } : {}),
    }),
  ]);
  const zip = Buffer.from([1]);
  return compressed ? packet(8, Buffer.concat([zip, deflateRawSync(message)])) : message;
}
