import type { Descriptor } from '../../oci/descriptor.ts';
import type { BlobUpload } from '../../oci/ends.ts';
import type { Repository } from './repository.ts';
import { type UploadSession, cancelUpload, startUpload } from './upload-session.ts';
import { sendBlob } from './send-blob.ts';

/**
 * So many blobs that are there and that a mount did not find, and none that it found: the host's mounts do not
 * tell. One alone says little, since docker-registry 2.8 misses a blob now and then while others are written.
 */
const MISSES_THAT_TELL = 4;

/**
 * Mounts a blob, or opens an upload where that is not possible; `undefined`: the blob is there now. A mount
 * from the repository itself tells whether the blob is there, so nothing has to be asked before; where a
 * host is known not to tell, a HEAD does (spec, transfer-engine, 5.9.8).
 * @throws ControllerError
 */
export async function beginBlob(
  repository: Repository,
  blob: Descriptor,
  { from }: { readonly from: string },
  signal: AbortSignal,
): Promise<BlobUpload | undefined> {
  const { facts } = repository;
  const isOwn = from === repository.path;
  if (facts.mountTellsPresence === false) {
    if (await hasBlob(repository, blob, signal)) return undefined;
    if (isOwn) return uploadOf(repository, blob, await startPlainUpload(repository, signal));
  }
  const opened = await mountOrStart(repository, blob, from, signal);
  if (opened === 'mounted') {
    if (isOwn) facts.mountTellsPresence = true;
    return undefined;
  }
  if (isOwn && facts.mountTellsPresence !== true) {
    if (await hasBlob(repository, blob, signal)) {
      noteMiss(repository);
      await cancelUpload(repository, opened);
      return undefined;
    }
  }
  return uploadOf(repository, blob, opened);
}

function noteMiss({ facts }: Repository): void {
  facts.mountMisses += 1;
  if (facts.mountMisses >= MISSES_THAT_TELL) facts.mountTellsPresence ??= false;
}

function uploadOf(repository: Repository, blob: Descriptor, session: UploadSession): BlobUpload {
  return {
    async finish(content, signal) {
      try {
        await sendBlob(repository, blob, session, content, signal);
      } catch (error) {
        await cancelUpload(repository, session);
        throw error;
      }
      if (repository.facts.mountTellsPresence === undefined)
        await learnWhatMountsTell(repository, blob, signal);
    },
    async abort() {
      await cancelUpload(repository, session);
    },
  };
}

/** Until it is known: does a mount of what was just sent say that it is there? Saves a HEAD per blob from then on. */
async function learnWhatMountsTell(
  repository: Repository,
  blob: Descriptor,
  signal: AbortSignal,
): Promise<void> {
  try {
    const opened = await mountOrStart(repository, blob, repository.path, signal);
    if (opened === 'mounted') {
      repository.facts.mountTellsPresence = true;
      return;
    }
    noteMiss(repository);
    await cancelUpload(repository, opened);
  } catch (error) {
    // The blob is there all the same; the next upload asks again.
    repository.log.debug({ host: repository.host, err: error }, 'a mount could not be tried');
  }
}

async function mountOrStart(
  repository: Repository,
  blob: Descriptor,
  from: string,
  signal: AbortSignal,
): Promise<'mounted' | UploadSession> {
  const mounted = await startUpload(repository, { digest: blob.digest, from }, signal);
  if (mounted !== 'refused') return mounted;
  // Some hosts refuse a mount in place of opening an upload, and so tell nothing; whether we may push at all is
  // told by the upload.
  const opened = await startPlainUpload(repository, signal);
  if (from === repository.path) repository.facts.mountTellsPresence ??= false;
  return opened;
}

async function startPlainUpload(
  repository: Repository,
  signal: AbortSignal,
): Promise<UploadSession> {
  const started = await startUpload(repository, undefined, signal);
  if (typeof started === 'object') return started;
  throw new Error('an upload that mounts nothing is neither mounted nor refused');
}

/** Whether the repository has the blob, with the size it should have (spec, transfer-engine, 5.8.7). */
async function hasBlob(
  repository: Repository,
  blob: Descriptor,
  signal: AbortSignal,
): Promise<boolean> {
  await using response = await repository.send(
    {
      method: 'HEAD',
      url: `blobs/${blob.digest}`,
      access: 'push',
      // A store behind the registry may have signed its link for GET alone: then nothing is known (spec 5.8.3).
      expect: [200, 403, 404],
      doing: `looking for blob ${blob.digest} in ${repository.name}`,
    },
    signal,
  );
  if (response.status !== 200) return false;
  const length = response.header('content-length');
  return length === undefined || Number(length) === blob.size;
}
