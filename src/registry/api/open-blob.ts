import { ControllerError } from '../../base/controller-error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { BlobBody } from '../../oci/ends.ts';
import type { RegistryResponse } from '../registry-transport.ts';
import type { Repository } from './repository.ts';

/** From this size on a blob goes the way of large bodies. */
const LARGE_BYTES = 1024 * 1024;
/** After the first resume of a body the next ones have to be earned: so many bytes, or so many milliseconds (spec, transfer-engine, 5.8.2). */
const RESUME_BYTES = 1024 * 1024;
const RESUME_MS = 60_000;

/**
 * Opens a blob; an interrupted body goes on where it broke off, by `Range`. A foreign layer that the
 * registry does not have is read from its URLs, without credentials (spec, transfer-engine, 5.8.4).
 * @throws ControllerError REGISTRY_NOT_FOUND; while reading REGISTRY_BROKEN, REGISTRY_UNREACHABLE
 */
export async function openBlob(
  repository: Repository,
  blob: Descriptor,
  now: () => number,
  signal: AbortSignal,
): Promise<BlobBody> {
  const urls = (blob.urls ?? []).filter((url) => /^https?:\/\//i.test(url));
  let missing: unknown;
  for (const url of [`blobs/${blob.digest}`, ...urls]) {
    try {
      return resumable(
        repository,
        blob,
        url,
        await get(repository, blob, url, 0, signal),
        now,
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      const isMissing = error instanceof ControllerError && error.code === 'REGISTRY_NOT_FOUND';
      if (missing === undefined && !isMissing) throw error;
      missing ??= error;
    }
  }
  throw missing;
}

function resumable(
  repository: Repository,
  blob: Descriptor,
  url: string,
  first: RegistryResponse,
  now: () => number,
  signal: AbortSignal,
): BlobBody {
  let response = first;

  async function* read(): AsyncGenerator<Uint8Array> {
    let received = 0;
    let resumed: { readonly at: number; readonly received: number } | undefined;
    for (;;) {
      let interruption: unknown;
      try {
        for await (const chunk of response.body) {
          received += chunk.byteLength;
          yield chunk;
        }
      } catch (error) {
        interruption = error;
      }
      signal.throwIfAborted();
      if (received >= blob.size) return;
      // Some proxies end a body early as if it were complete; the size tells.
      interruption ??= endedEarly(repository, blob, received);
      const earned =
        resumed === undefined ||
        received - resumed.received >= RESUME_BYTES ||
        now() - resumed.at >= RESUME_MS;
      if (!earned) throw interruption;
      repository.log.debug(
        { repository: repository.name, digest: blob.digest, received },
        'resuming an interrupted blob',
      );
      resumed = { at: now(), received };
      await response[Symbol.asyncDispose]();
      response = await get(repository, blob, url, received, signal);
    }
  }

  return {
    [Symbol.asyncIterator]: read,
    async [Symbol.asyncDispose]() {
      await response[Symbol.asyncDispose]();
    },
  };
}

async function get(
  repository: Repository,
  blob: Descriptor,
  url: string,
  start: number,
  signal: AbortSignal,
): Promise<RegistryResponse> {
  const response = await repository.send(
    {
      method: 'GET',
      url,
      ...(start === 0 ? {} : { headers: { range: `bytes=${start}-` } }),
      access: 'pull',
      isLarge: blob.size - start > LARGE_BYTES,
      expect: start === 0 ? [200] : [200, 206],
      doing: `reading blob ${blob.digest} of ${repository.name}`,
    },
    signal,
  );
  if (start === 0 || continuesAt(response, start)) return response;
  await response[Symbol.asyncDispose]();
  throw new ControllerError(
    'REGISTRY_BROKEN',
    `reading blob ${blob.digest} of ${repository.name} was interrupted after ${start} bytes, and ${repository.host} cannot continue there`,
    { remedy: 'retry-later', hint: 'It will be read again from its start.' },
  );
}

function continuesAt(response: RegistryResponse, start: number): boolean {
  if (response.status !== 206) return false;
  const range = /^bytes\s+(\d+)-/i.exec(response.header('content-range') ?? '');
  return Number(range?.[1]) === start;
}

function endedEarly(repository: Repository, blob: Descriptor, received: number): ControllerError {
  return new ControllerError(
    'REGISTRY_BROKEN',
    `blob ${blob.digest} of ${repository.name} ended after ${received} of ${blob.size} bytes`,
    {
      remedy: 'retry-later',
      hint: `Look at the storage of ${repository.host}, or at proxies before it.`,
    },
  );
}
