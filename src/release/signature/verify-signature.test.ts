import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { createMessage, generateKey, readKeys, readPrivateKey, sign } from 'openpgp';
import { describe, expect, it } from 'vitest';
import { packet } from '../../../test/support/releases/openpgp-packets.ts';
import { signRelease, signatureText } from '../../../test/support/releases/sign-release.ts';
import { makeSigningKey } from '../../../test/support/releases/signing-key.ts';
import type { Digest } from '../../oci/digest.ts';
import { type KeyRing, readKeyRing } from './key-ring.ts';
import { verifySignature } from './verify-signature.ts';

const FILE = new URL('testdata/signature-of-4.15.0-x86_64.base64', import.meta.url);
const REAL = Buffer.from(readFileSync(FILE, 'latin1'), 'base64');
const REAL_PAYLOAD =
  'sha256:0da6316466d60a3a4535d5fed3589feb0391989982fba59d47d4c729912d6363' as Digest;
const PAYLOAD = `sha256:${'a1'.repeat(32)}` as Digest;
const OTHER = `sha256:${'b2'.repeat(32)}` as Digest;
const REFERENCE = 'quay.io/openshift-release-dev/ocp-release:4.18.2-x86_64';
const NOW = new Date('2026-11-01T00:00:00Z');
const KEY = makeSigningKey('release');
const STRANGER = makeSigningKey('stranger');

async function ringOf(...keys: readonly string[]): Promise<KeyRing> {
  const read = keys.map((armoredKeys) => readKeys({ armoredKeys }));
  return { name: 'the test', keys: (await Promise.all(read)).flat().map((key) => key.toPublic()) };
}

async function whyNot(
  bytes: Uint8Array,
  { payload = PAYLOAD, now = NOW, ring }: { payload?: Digest; now?: Date; ring?: KeyRing } = {},
): Promise<string> {
  const keys = ring ?? (await ringOf(KEY.armoured));
  const error: unknown = await verifySignature(bytes, payload, keys, now).catch((e: unknown) => e);
  expect(error).toMatchObject({ name: 'ControllerError', code: 'SIGNATURE_INVALID' });
  const { message } = error as Error;
  expect(message).toContain(payload);
  expect(message.length).toBeLessThan(1000);
  expect(message).not.toMatch(/\p{Cc}/u);
  return message;
}

describe('the signature of OpenShift 4.15.0', () => {
  it('counts for its payload, with the built-in keys', async () => {
    const { bytes, digest, reference } = await verifySignature(
      REAL,
      REAL_PAYLOAD,
      await readKeyRing(undefined),
      NOW,
    );
    expect(Buffer.from(bytes).equals(REAL)).toBe(true);
    expect(digest).toBe('sha256:837b105f78f07f772b4a3a71b01c19c1becad8ca95ec5bf65f325ef10c70ea82');
    expect(reference).toMatchObject({
      registry: 'quay.io',
      repository: 'openshift-release-dev/ocp-release',
      tag: '4.15.0-x86_64',
    });
  });

  it('counts for no other payload, and without the key of the release', async () => {
    const ring = await readKeyRing(undefined);
    expect(await whyNot(REAL, { payload: OTHER, ring })).toContain('of another image');
    const [, betaKey] = ring.keys;
    const beta = { name: 'beta', keys: betaKey === undefined ? [] : [betaKey] };
    const message = await whyNot(REAL, { payload: REAL_PAYLOAD, ring: beta });
    expect(message).toContain('by key 199E2F91FD431D51, which is not among the keys');
    expect(message).toContain('938A80CAF21541EB');
  });

  it('says the same or does not count, whatever bit is changed', async () => {
    const ring = await readKeyRing(undefined);
    let counting = 0;
    for (let index = 0; index < REAL.length; index += 1) {
      const bytes = Uint8Array.from(REAL);
      bytes[index] = (bytes[index] ?? 0) ^ 1;
      try {
        const { reference } = await verifySignature(bytes, REAL_PAYLOAD, ring, NOW);
        expect(reference.tag).toBe('4.15.0-x86_64');
        counting += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: 'SIGNATURE_INVALID' });
      }
    }
    // A few bytes frame what is signed.
    expect(counting).toBeLessThan(10);
  });
});

describe('a signature', () => {
  it.each([
    { what: 'compressed', compressed: true },
    { what: 'not compressed', compressed: false },
  ])('counts $what', async ({ compressed }) => {
    const bytes = signRelease({ digest: PAYLOAD, reference: REFERENCE, key: KEY, compressed });
    const ring = await ringOf(STRANGER.armoured, KEY.armoured);
    const { reference } = await verifySignature(bytes, PAYLOAD, ring, NOW);
    expect(reference).toMatchObject({ registry: 'quay.io', tag: '4.18.2-x86_64' });
  });

  const good = { digest: PAYLOAD, reference: REFERENCE, key: KEY };
  const text = signatureText(good);
  const withText = (changed: string): Buffer => signRelease({ ...good, text: changed });
  const changedField = (from: string, to: string): Buffer => withText(text.replace(from, to));
  it.each([
    {
      what: 'by a key that does not count',
      bytes: signRelease({ ...good, key: STRANGER }),
      why: 'not among the keys that count',
    },
    {
      what: 'of another release',
      bytes: signRelease({ ...good, digest: OTHER }),
      why: `of another image, "${OTHER}"`,
    },
    {
      what: 'that expired',
      bytes: signRelease({ ...good, expired: true }),
      why: 'it expired at 2024-02-28T13:00:00.000Z',
    },
    {
      what: 'whose text was changed afterwards',
      bytes: signRelease({ ...good, digest: OTHER, changedTo: text }),
      why: 'it is no good signature by key',
    },
    {
      what: 'of another type',
      bytes: signRelease({ ...good, type: 'a\nb' }),
      why: 'its type is "a b"',
    },
    {
      what: 'with a field that nobody knows',
      bytes: changedField('"optional":', '"other":{},"optional":'),
      why: 'other',
    },
    {
      what: 'with a field too many inside',
      bytes: changedField('"critical":{', '"critical":{"x":1,'),
      why: 'critical',
    },
    {
      what: 'without a digest',
      bytes: changedField('docker-manifest-digest', 'digest'),
      why: 'docker-manifest-digest',
    },
    {
      what: 'of a reference without a tag',
      bytes: changedField(':4.18.2-x86_64', ''),
      why: 'does not name the image by a tag',
    },
    {
      what: 'of an empty reference',
      bytes: changedField(REFERENCE, ''),
      why: 'does not name the image by a tag',
    },
    {
      what: 'of a reference that is none',
      bytes: changedField(REFERENCE, 'Q Q:1'),
      why: '"Q Q:1"',
    },
    {
      what: 'of a reference by another digest',
      bytes: changedField(REFERENCE, `${REFERENCE}@${OTHER}`),
      why: 'does not name the image',
    },
    { what: 'of a folder', bytes: changedField(REFERENCE, 'oci://a/b:1'), why: '"oci://a/b:1"' },
    { what: 'of no JSON', bytes: withText('{'), why: 'no JSON' },
    { what: 'of a list', bytes: withText('[]'), why: 'not about an image' },
    { what: 'with a byte order mark', bytes: withText(`\uFEFF${text}`), why: 'no JSON' },
    { what: 'of nothing', bytes: Buffer.alloc(0), why: 'no OpenPGP message' },
    {
      what: 'that is a web page',
      bytes: Buffer.from('<html>Sign in</html>'),
      why: 'no OpenPGP message',
    },
    { what: 'with more than 50 KiB', bytes: Buffer.alloc(51_201), why: 'more than 51200 bytes' },
  ])('$what does not count', async ({ bytes, why }) => {
    expect(await whyNot(bytes)).toContain(why);
  });

  it('of a version that nobody can read says so', async () => {
    const bytes = signRelease({ ...good, compressed: false });
    // Version 4, of a document, by EdDSA, of SHA-256.
    bytes[bytes.lastIndexOf(Buffer.from([4, 0, 22, 8]))] = 3;
    expect(await whyNot(bytes)).toContain('Version 3 of the signature packet is unsupported');
  });

  it('that unpacks to more than a MiB is not unpacked to its end', async () => {
    const bomb = deflateRawSync(Buffer.alloc(40 * 1024 ** 2));
    const bytes = packet(8, Buffer.concat([Buffer.from([1]), bomb]));
    expect(bytes.length).toBeLessThan(50 * 1024);
    expect(await whyNot(bytes)).toContain('Maximum decompressed message size exceeded');
  });

  it('that does not expire before then counts', async () => {
    const bytes = signRelease({ ...good, expired: true });
    const then = new Date('2024-02-28T12:59:59Z');
    await verifySignature(bytes, PAYLOAD, await ringOf(KEY.armoured), then);
    expect(await whyNot(bytes, { now: new Date('2024-02-28T13:00:00Z') })).toContain('expired');
  });

  it('made by the clock of another machine, ahead of ours, counts', async () => {
    const created = new Date('2026-11-01T00:05:00Z');
    const bytes = signRelease({ ...good, created });
    await verifySignature(bytes, PAYLOAD, await ringOf(KEY.armoured), NOW);
  });
});

describe('the time of a key', () => {
  const created = new Date('2021-06-01T00:00:00Z');
  const options = { digest: PAYLOAD, reference: REFERENCE };
  const day = 86_400;

  it.each([
    { what: 'expired after it signed', lifetime: 2 * 365 * day, counts: true },
    { what: 'had expired when it signed', lifetime: 365 * day, counts: false },
  ])('that $what: counts $counts', async ({ lifetime, counts }) => {
    const key = makeSigningKey('release', { lifetime });
    const bytes = signRelease({ ...options, key, created });
    const ring = await ringOf(key.armoured);
    if (counts) await verifySignature(bytes, PAYLOAD, ring, NOW);
    else expect(await whyNot(bytes, { ring })).toContain('expired');
  });

  it('that was prolonged since, and has its new self-signature alone, counts', async () => {
    const userIDs = [{ name: 'Releases' }];
    const dates = { date: new Date('2020-01-01T00:00:00Z') };
    const first = await generateKey({ type: 'ecc', userIDs, ...dates, format: 'object' });
    const { reformatKey } = await import('openpgp');
    const later = await reformatKey({
      privateKey: first.privateKey,
      userIDs,
      date: new Date('2025-01-01T00:00:00Z'),
      format: 'object',
    });
    const message = await createMessage({ binary: Buffer.from(signatureText(options)) });
    const signed = { signingKeys: first.privateKey, date: created, format: 'binary' } as const;
    const bytes = (await sign({ message, ...signed })) as Uint8Array;
    const ring = { name: 'the test', keys: [later.publicKey] };
    const { reference } = await verifySignature(bytes, PAYLOAD, ring, NOW);
    expect(reference.tag).toBe('4.18.2-x86_64');
  });
});

describe('a message of GnuPG’s shapes', () => {
  const text = signatureText({ digest: PAYLOAD, reference: REFERENCE });

  async function keyPair(): Promise<{ secret: string; shown: string }> {
    const made = await generateKey({ type: 'ecc', userIDs: [{ name: 'Test' }], format: 'armored' });
    return { secret: made.privateKey, shown: made.publicKey };
  }

  async function signed(secrets: readonly string[], detached: boolean): Promise<Uint8Array> {
    const signingKeys = await Promise.all(
      secrets.map((armoredKey) => readPrivateKey({ armoredKey })),
    );
    const message = await createMessage({ binary: Buffer.from(text) });
    return (await sign({ message, signingKeys, detached, format: 'binary' })) as Uint8Array;
  }

  it('signed twice counts by its innermost signature alone', async () => {
    const [inner, outer] = [await keyPair(), await keyPair()];
    const bytes = await signed([inner.secret, outer.secret], false);
    const { reference } = await verifySignature(bytes, PAYLOAD, await ringOf(inner.shown), NOW);
    expect(reference.tag).toBe('4.18.2-x86_64');
    const why = await whyNot(bytes, { ring: await ringOf(outer.shown) });
    expect(why).toContain('not among the keys that count');
  });

  it('that is a signature without its text does not count', async () => {
    const { secret, shown } = await keyPair();
    const bytes = await signed([secret], true);
    expect(await whyNot(bytes, { ring: await ringOf(shown) })).toContain('no text in it');
  });

  it('that is a text without signature does not count', async () => {
    const message = await createMessage({ binary: Buffer.from(text) });
    expect(await whyNot(message.write() as Uint8Array)).toMatch(/its text is not signed$/);
  });

  it('that is armoured, or signed in clear text, does not count', async () => {
    const { secret } = await keyPair();
    const { createCleartextMessage } = await import('openpgp');
    const signingKeys = await readPrivateKey({ armoredKey: secret });
    const clear = await sign({ message: await createCleartextMessage({ text }), signingKeys });
    expect(await whyNot(Buffer.from(clear))).toContain('no OpenPGP message');
    const message = await createMessage({ text });
    const armored = (await sign({ message, signingKeys })) as string;
    expect(await whyNot(Buffer.from(armored))).toContain('no OpenPGP message');
  });

  it('whose signature precedes its text does not count', async () => {
    const { secret, shown } = await keyPair();
    const detached = await signed([secret], true);
    const message = await createMessage({ binary: Buffer.from(text) });
    const bytes = Buffer.concat([detached, message.write() as Uint8Array]);
    const why = await whyNot(bytes, { ring: await ringOf(shown) });
    expect(why).toContain('do not follow its text');
  });
});
