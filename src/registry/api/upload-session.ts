import { ControllerError } from '../../base/controller-error.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RegistryResponse } from '../registry-transport.ts';
import type { Repository } from './repository.ts';
import { uploadLocation } from './upload-location.ts';

/** How long giving an upload up may take, milliseconds: registries forget them by themselves too. */
const CANCEL_MS = 5_000;

/** An upload that the registry opened. */
export interface UploadSession {
  /** Where it goes on: every answer may name another place (spec, transfer-engine, 5.9.1). */
  location: string;
  /** The smallest part the host takes, bytes; 0: it did not say. */
  minimumChunkBytes: number;
}

export interface Mount {
  readonly digest: Digest;
  readonly from: string;
}

/**
 * Opens an upload, or mounts. `refused`: the host answers a mount with an error, as if it knew none.
 * @throws ControllerError
 */
export async function startUpload(
  repository: Repository,
  mount: Mount | undefined,
  signal: AbortSignal,
): Promise<'mounted' | 'refused' | UploadSession> {
  const query =
    mount === undefined ? '' : `?mount=${mount.digest}&from=${encodeURIComponent(mount.from)}`;
  await using response = await repository.send(
    {
      method: 'POST',
      url: `blobs/uploads/${query}`,
      body: new Uint8Array(),
      access: 'push',
      ...(mount === undefined ? {} : { from: mount.from }),
      expect: mount === undefined ? [201, 202] : [201, 202, 400, 403, 404, 405],
      doing:
        mount === undefined
          ? `opening an upload to ${repository.name}`
          : `mounting blob ${mount.digest} from ${mount.from} in ${repository.name}`,
    },
    signal,
  );
  if (response.status === 201 && mount !== undefined) return 'mounted';
  if (response.status >= 400) return 'refused';
  const minimum = Number(response.header('oci-chunk-min-length') ?? 0);
  return {
    location: nextLocation(repository, response),
    minimumChunkBytes: Number.isSafeInteger(minimum) && minimum > 0 ? minimum : 0,
  };
}

/** Gives an upload up. Best effort: never throws, and takes no signal, since it is for when one was aborted. */
export async function cancelUpload(
  repository: Repository,
  { location }: UploadSession,
  access: 'push' | 'delete' = 'push',
): Promise<void> {
  try {
    const response = await repository.send(
      {
        method: 'DELETE',
        url: location,
        access,
        expect: [200, 202, 204, 400, 404, 405],
        doing: `cancelling an upload to ${repository.name}`,
      },
      AbortSignal.timeout(CANCEL_MS),
    );
    await response[Symbol.asyncDispose]();
  } catch (error) {
    repository.log.debug(
      { repository: repository.name, err: error },
      'an upload was left to the registry to clean up',
    );
  }
}

/** @throws ControllerError REGISTRY_BROKEN without a usable `Location`. */
export function nextLocation(repository: Repository, response: RegistryResponse): string {
  const location = uploadLocation(response.header('location'), response.url);
  if (location !== undefined) return location;
  throw new ControllerError(
    'REGISTRY_BROKEN',
    `${repository.name} opens an upload without saying where it goes on (no Location)`,
    {
      remedy: 'retry-later',
      hint: `Look at ${repository.host}, or at proxies before it that drop headers.`,
    },
  );
}
