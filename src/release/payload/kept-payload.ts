import { join } from 'node:path';
import { type Digest, digestTag } from '../../oci/digest.ts';
import { readCheckedFile, writeCheckedFile } from '../../store/checked-file.ts';
import { storeFailure } from '../../store/store-failure.ts';
import type { PayloadContent } from './payload-content.ts';

/** A payload as it is written down: some 25 KB. */
interface KeptPayload {
  readonly version: string;
  readonly components: readonly (readonly [name: string, reference: string])[];
  readonly bootImages?: readonly (readonly [architecture: string, reference: string])[];
  readonly bootImagesFault?: string;
}

/** What was kept of a payload; undefined where nothing was, or what is there is not what was written. */
export async function loadPayload(
  folder: string,
  digest: Digest,
  signal: AbortSignal,
): Promise<PayloadContent | undefined> {
  const bytes = await readCheckedFile(payloadFile(folder, digest), 'release payload 1', signal);
  if (bytes === undefined) return undefined;
  // It was written by keepPayload: the checksum says so.
  const kept = JSON.parse(bytes.toString('utf8')) as KeptPayload;
  const { version, components, bootImages, bootImagesFault } = kept;
  return {
    version,
    components: components.map(([name, reference]) => ({ name, reference })),
    bootImages: bootImages === undefined ? undefined : new Map(bootImages),
    ...(bootImagesFault === undefined ? {} : { bootImagesFault }),
  };
}

/** @throws ControllerError STORE_UNAVAILABLE */
export async function keepPayload(
  folder: string,
  digest: Digest,
  { version, components, bootImages, bootImagesFault }: PayloadContent,
): Promise<void> {
  const kept: KeptPayload = {
    version,
    components: components.map(({ name, reference }) => [name, reference]),
    ...(bootImages === undefined ? {} : { bootImages: [...bootImages] }),
    ...(bootImagesFault === undefined ? {} : { bootImagesFault }),
  };
  const path = payloadFile(folder, digest);
  try {
    await writeCheckedFile(path, 'release payload 1', Buffer.from(JSON.stringify(kept)));
  } catch (error) {
    throw storeFailure(error, `writing ${path}`);
  }
}

function payloadFile(folder: string, digest: Digest): string {
  return join(folder, 'payloads', `${digestTag(digest)}.json`);
}
