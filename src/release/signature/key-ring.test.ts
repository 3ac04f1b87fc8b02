import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKey } from 'openpgp';
import { expect, it } from 'vitest';
import { makeSigningKey } from '../../../test/support/releases/signing-key.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { type KeyRing, okdKeysMissing, readKeyRing, readOverridingKeyRing } from './key-ring.ts';

const ONE = makeSigningKey('one');
const TWO = makeSigningKey('two');
const BUILT_IN = [
  '567e347ad0044ade55ba8a5f199e2f91fd431d51',
  'b08b659ee86af623bc90e8db938a80caf21541eb',
];

function fingerprints({ keys }: KeyRing): string[] {
  return keys.map((key) => key.getFingerprint());
}

async function withFile<T>(
  content: string | Uint8Array,
  use: (file: string) => Promise<T>,
): Promise<T> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'keys.asc');
  await writeFile(file, content);
  return await use(file);
}

it('has the two keys of Red Hat built in', async () => {
  expect(fingerprints(await readKeyRing(undefined))).toEqual(BUILT_IN);
});

it.each([
  { what: 'armoured', content: ONE.armoured, expected: [ONE] },
  { what: 'binary', content: ONE.binary, expected: [ONE] },
  {
    what: 'two binary ones',
    content: Buffer.concat([ONE.binary, TWO.binary]),
    expected: [ONE, TWO],
  },
  {
    what: 'several blocks with text between them',
    content: `one:\r\n${ONE.armoured.replaceAll('\n', '\r\n')}two:\n${TWO.armoured}that is all\n`,
    expected: [ONE, TWO],
  },
])('reads keys of a file: $what', async ({ content, expected }) => {
  const ring = await withFile(content, readKeyRing);
  expect(fingerprints(ring)).toEqual(expected.map(({ fingerprint }) => fingerprint));
  expect(ring.name).toMatch(/keys\.asc$/);
});

const WRONG = [
  { what: 'text', content: 'not a key\n', why: 'holds no public keys' },
  { what: 'zeros', content: Buffer.alloc(100), why: 'holds no public keys' },
  {
    what: 'another block',
    content: '-----BEGIN CERTIFICATE-----\n',
    why: 'no block of public keys',
  },
  { what: 'half a block', content: ONE.armoured.slice(0, 200), why: 'a block has no end' },
  {
    what: 'a broken block beside a good one',
    content: `${ONE.armoured}${TWO.armoured.replace('BLOCK-----\n\n', 'BLOCK-----\n\nAAAA')}`,
    why: 'holds no public keys',
  },
  { what: 'more than a MiB', content: Buffer.alloc(1024 ** 2 + 1), why: 'more than 1048576 bytes' },
];

it.each([...WRONG, { what: 'nothing', content: '', why: 'holds no public keys' }])(
  'refuses a file with $what',
  async ({ content, why }) => {
    await withFile(content, async (file) => {
      const error: unknown = await readKeyRing(file).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'SIGNING_KEYS_INVALID', remedy: 'wait-for-change' });
      expect((error as Error).message).toContain(file);
      expect((error as Error).message).toContain(why);
      expect((error as { hint: string }).hint).toContain('gpg --armor --export');
    });
  },
);

it('refuses private keys, armoured and binary', async () => {
  const options = { type: 'ecc' as const, userIDs: [{ name: 'Test' }] };
  const { privateKey } = await generateKey({ ...options, format: 'binary' });
  const refused = { code: 'SIGNING_KEYS_INVALID' };
  await expect(withFile(privateKey, readKeyRing)).rejects.toMatchObject(refused);
  const armoured = (await generateKey({ ...options, format: 'armored' })).privateKey;
  await expect(withFile(armoured, readKeyRing)).rejects.toMatchObject(refused);
});

it('refuses a file that is not there, and a folder', async () => {
  await using folder = await temporaryFolder();
  for (const file of [join(folder.path, 'none.asc'), folder.path]) {
    const failed = {
      code: 'SIGNING_KEYS_INVALID',
      message: expect.stringContaining(file) as string,
    };
    await expect(readKeyRing(file)).rejects.toMatchObject(failed);
  }
});

it('says where the key of OKD is to be named', () => {
  expect(okdKeysMissing('releases.okd.keysFile')).toMatchObject({
    code: 'SIGNING_KEYS_INVALID',
    hint: expect.stringMatching(
      /releases\.okd\.keysFile.*openshift-ci.*6A9588F07F2D3AE7973AD2A9193E53CCD2E2F7A4/,
    ) as string,
  });
});

it('takes the keys of an override in place of the built-in ones', async () => {
  const { ring, warning } = await withFile(ONE.armoured, readOverridingKeyRing);
  expect(warning).toBeUndefined();
  expect(fingerprints(ring as KeyRing)).toEqual([ONE.fingerprint]);
  const none = await readOverridingKeyRing(undefined);
  expect(none.warning).toBeUndefined();
  expect(fingerprints(none.ring as KeyRing)).toEqual(BUILT_IN);
});

it('takes the built-in keys, with a warning, where an override cannot be read or is empty', async () => {
  await using folder = await temporaryFolder();
  const empty = join(folder.path, 'empty');
  await writeFile(empty, '');
  await mkdir(join(folder.path, 'folder'));
  for (const file of [empty, join(folder.path, 'none'), join(folder.path, 'folder')]) {
    const { ring, warning } = await readOverridingKeyRing(file);
    expect(fingerprints(ring as KeyRing)).toEqual(BUILT_IN);
    expect(warning).toContain(file);
  }
});

it.each(WRONG.slice(0, 4))(
  'lets every release fail where an override holds $what',
  async ({ content }) => {
    const { ring, warning } = await withFile(content, readOverridingKeyRing);
    expect(ring).toMatchObject({ name: 'ControllerError', code: 'SIGNING_KEYS_INVALID' });
    expect(warning).toBeUndefined();
  },
);
