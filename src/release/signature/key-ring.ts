import { open } from 'node:fs/promises';
import type { PublicKey } from 'openpgp';
import { ControllerError } from '../../base/controller-error.ts';
import { systemReason } from '../../base/system-reason.ts';
import { RED_HAT_KEYS } from './red-hat-keys.ts';
import { shown } from './signature-fault.ts';

/** The public keys whose signatures count. */
export interface KeyRing {
  /** Where they come from, for messages. */
  readonly name: string;
  /** At least one. */
  readonly keys: readonly PublicKey[];
}

/** More than all keys of a distribution together, bytes. */
const LIMIT_BYTES = 1024 ** 2;
const BLOCK_START = '-----BEGIN PGP PUBLIC KEY BLOCK-----';
const PRIVATE_START = '-----BEGIN PGP PRIVATE KEY BLOCK-----';
const BLOCK_END = '-----END PGP PUBLIC KEY BLOCK-----';
/** Of the openshift-ci release key, as the cluster-update-keys project publishes it (spec, releases-helm, 3.4). */
const OKD_FINGERPRINT = '6A9588F07F2D3AE7973AD2A9193E53CCD2E2F7A4';

/**
 * The keys of a file, ASCII-armoured (one block or more) or binary; without a file the keys that sign releases of
 * OpenShift.
 * @throws ControllerError SIGNING_KEYS_INVALID with the file where it cannot be read or has no public key.
 */
export async function readKeyRing(file: string | undefined): Promise<KeyRing> {
  if (file === undefined) return { name: 'the built-in keys', keys: await parseKeys(RED_HAT_KEYS) };
  return parseKeyFile(file, await readKeyFile(file));
}

/** The keys that an environment variable names, or why no signature counts, and what was odd. */
export interface OverridingKeyRing {
  /** As `openSignatureStore` takes it. */
  readonly ring: KeyRing | ControllerError;
  readonly warning?: string;
}

/**
 * The keys of a file in place of the built-in ones, as the reference tool takes OCP_SIGNATURE_VERIFICATION_PK: a file that
 * cannot be read or is empty leaves the built-in ones and warns, one that holds no key makes every release fail (spec,
 * releases-helm, 3.4).
 * @throws nothing of the file's doing
 */
export async function readOverridingKeyRing(file: string | undefined): Promise<OverridingKeyRing> {
  let bytes: Buffer | undefined;
  try {
    bytes = file === undefined ? undefined : await readKeyFile(file);
  } catch (error) {
    if (!(error instanceof ControllerError)) throw error;
    return builtIn(error.message);
  }
  if (file === undefined || bytes === undefined) return builtIn(undefined);
  if (bytes.length === 0) return builtIn(`${file} is empty`);
  try {
    return { ring: await parseKeyFile(file, bytes) };
  } catch (error) {
    if (!(error instanceof ControllerError)) throw error;
    return { ring: error };
  }
}

/** Why no signature of an OKD release counts where nobody says which keys do. `setting`: where that is said. */
export function okdKeysMissing(setting: string): ControllerError {
  return new ControllerError(
    'SIGNING_KEYS_INVALID',
    'no keys are known that sign releases of OKD: none are built in',
    {
      remedy: 'wait-for-change',
      hint: `Set ${setting} to a file with the openshift-ci release key, whose fingerprint is ${OKD_FINGERPRINT} (the cluster-update-keys project has it).`,
    },
  );
}

async function builtIn(problem: string | undefined): Promise<OverridingKeyRing> {
  const ring = await readKeyRing(undefined);
  if (problem === undefined) return { ring };
  return { ring, warning: `${problem}: the built-in keys are used instead` };
}

async function readKeyFile(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    if (size <= LIMIT_BYTES) return await handle.readFile();
  } catch (error) {
    throw invalid(`the keys file ${file} cannot be read: ${systemReason(error)}`, error);
  }
  throw invalid(`the keys file ${file} has more than ${LIMIT_BYTES} bytes`);
}

async function parseKeyFile(file: string, bytes: Buffer): Promise<KeyRing> {
  const text = bytes.toString('utf8');
  if (text.includes(PRIVATE_START)) throw privateKey(file);
  let keys: readonly PublicKey[];
  try {
    keys = await parseKeys(text.includes('-----BEGIN ') ? text : bytes);
  } catch (error) {
    const reason = error instanceof Error ? shown(error.message) : 'it cannot be parsed';
    throw invalid(`the keys file ${file} holds no public keys: ${reason}`, error);
  }
  if (keys.some((key) => key.isPrivate())) throw privateKey(file);
  return { name: file, keys };
}

/** @throws Error where there is none, or something that is no key. */
async function parseKeys(content: string | Uint8Array): Promise<PublicKey[]> {
  // Loaded when it is needed: it is large, and most commands see no signature.
  const { readKeys } = await import('openpgp');
  if (typeof content !== 'string') return readKeys({ binaryKeys: content });
  const keys: PublicKey[] = [];
  const [, ...blocks] = content.split(BLOCK_START);
  for (const block of blocks) {
    const end = block.indexOf(BLOCK_END);
    if (end < 0) throw new Error('a block has no end');
    const armoredKeys = `${BLOCK_START}${block.slice(0, end)}${BLOCK_END}\n`;
    keys.push(...(await readKeys({ armoredKeys })));
  }
  if (keys.length === 0) throw new Error('there is no block of public keys in it');
  return keys;
}

function privateKey(file: string): ControllerError {
  return invalid(`the keys file ${file} has a private key in it`);
}

function invalid(message: string, cause?: unknown): ControllerError {
  return new ControllerError('SIGNING_KEYS_INVALID', message, {
    remedy: 'wait-for-change',
    hint: 'Name a file with the public keys that sign releases, as "gpg --armor --export KEY" writes it.',
    cause,
  });
}
