import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareText } from '../../base/compare-text.ts';
import { type Digest, digestTag } from '../../oci/digest.ts';
import { writeThenRename } from '../../store/checked-file.ts';
import { readInside } from '../../store/layout-files.ts';
import { isMissing, storeFailure } from '../../store/store-failure.ts';
import type { ReleaseSignature } from './release-signature.ts';
import { SIGNATURE_LIMIT_BYTES } from './verify-signature.ts';

/** Signatures of one payload that are looked at: its tags are few. */
const MOST_FILES = 20;
/** As the reference tool: for its user alone. */
const WRITING = { flag: 'wx', mode: 0o600 } as const;

/** A signature that was kept; its name is no evidence of anything. */
export interface KeptSignature {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/**
 * The files that are named after the payload, `TAG-sha256-HEX` (spec, releases-helm, 3.2); those that cannot be read are none.
 * @throws ControllerError STORE_UNAVAILABLE where the folder cannot be read; a folder that is not there is empty
 */
export async function readKeptSignatures(
  folder: string,
  payload: Digest,
  signal: AbortSignal,
): Promise<KeptSignature[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw storeFailure(error, `reading ${folder}`);
  });
  const files = names.filter((name) => name.endsWith(`-${digestTag(payload)}`)).sort(compareText);
  const kept: KeptSignature[] = [];
  for (const file of files.slice(0, MOST_FILES)) {
    const bytes = await readInside(folder, file, SIGNATURE_LIMIT_BYTES, signal).catch(() => {
      signal.throwIfAborted();
      return undefined;
    });
    if (bytes !== undefined) kept.push({ file, bytes });
  }
  return kept;
}

/** Keeps a signature, in place of one that is there under its name. @throws ControllerError STORE_UNAVAILABLE */
export async function keepSignature(
  folder: string,
  payload: Digest,
  { bytes, reference }: ReleaseSignature,
): Promise<void> {
  const path = join(folder, `${reference.tag ?? ''}-${digestTag(payload)}`);
  try {
    await writeThenRename(path, (temporary) => writeFile(temporary, bytes, WRITING));
  } catch (error) {
    throw storeFailure(error, `writing ${path}`);
  }
}
