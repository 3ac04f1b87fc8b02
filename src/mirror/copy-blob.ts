import { ControllerError } from '../base/controller-error.ts';
import { untilSettled } from '../base/until-settled.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { BlobUpload, ImageSource, ImageTarget } from '../oci/ends.ts';
import { verified } from '../oci/verified.ts';
import type { CopyContext } from './copy-context.ts';

/** Progress is told in steps of so many bytes: whoever listens does more for a report than we for a chunk. */
const REPORTED_BYTES = 256 * 1024;

/** From here on the bytes of a blob take longer than what is asked about it. */
const LARGE_BYTES = 8 * 1024 * 1024;

/** How a blob came to be at the target: nobody was asked, it was there, it was mounted, its bytes were sent. */
export type BlobOutcome = 'known' | 'present' | 'mounted' | 'sent';

/** One blob on its way, and whom to tell. */
export interface BlobCopy {
  readonly source: ImageSource;
  readonly target: ImageTarget;
  readonly blob: Descriptor;
  /** The image in progress events. */
  readonly image: string;
}

/**
 * Brings one blob to the target's repository, its bytes at most once over the whole pass: what another
 * repository of the scope holds is mounted, what another image is sending is waited for (without a slot, so
 * that waiting cannot stop what is waited for) and mounted then.
 *
 * @throws ControllerError of either end; BLOB_CORRUPT when the source's bytes are wrong twice.
 */
export async function copyBlob(
  copy: BlobCopy,
  context: CopyContext,
  signal: AbortSignal,
): Promise<BlobOutcome> {
  const { target, blob, image } = copy;
  const ledger = context.ledgerOf(target.scope);
  context.turns.arrive(image, target.scope, blob.digest);
  for (;;) {
    signal.throwIfAborted();
    if (ledger.holds(blob.digest, target.repository)) return 'known';
    // Where the one that others wait for fails, the first of them to come by here takes over.
    const busy = ledger.inFlight(blob.digest, target.repository);
    if (busy !== undefined) {
      await untilSettled(busy, signal);
      continue;
    }
    const from = ledger.mountableFrom(blob.digest, target.repository);
    const earlier =
      from === undefined ? context.turns.earlier(image, target.scope, blob.digest) : undefined;
    if (earlier !== undefined) {
      await untilSettled(earlier, signal);
      continue;
    }
    const outcome =
      from === undefined
        ? await sendBlob(copy, undefined, context, signal)
        : await mountBlob(copy, from, context, signal);
    if (outcome !== undefined) return outcome;
  }
}

/** Mounts; `undefined` where that did not work and another way is to be looked for. */
function mountBlob(
  copy: BlobCopy,
  from: string,
  context: CopyContext,
  signal: AbortSignal,
): Promise<'mounted' | 'present' | 'sent' | undefined> {
  const { target, blob } = copy;
  const ledger = context.ledgerOf(target.scope);
  return ledger.track(blob.digest, target.repository, 'mount', async () => {
    const opened = await context.blobSlots.run(signal, tryMount);
    if (opened === 'mounted') {
      ledger.add(blob.digest, target.repository, 'mounted');
      return 'mounted';
    }
    ledger.distrust(blob.digest, from);
    if (opened === 'refused') return undefined;
    if (!ledger.isBeingSent(blob.digest)) return sendBlob(copy, opened, context, signal);
    // Somebody sends it already: better to mount it from there than to send it twice.
    await opened.abort();
    return undefined;
  });

  async function tryMount(): Promise<BlobUpload | 'mounted' | 'refused'> {
    try {
      return (await target.beginBlob(blob, { from }, signal)) ?? 'mounted';
    } catch (error) {
      // E.g. no right to read the other repository, or it is gone: that is no reason to fail.
      if (signal.aborted || !(error instanceof ControllerError)) throw error;
      if (error.remedy === 'retry-later') throw error;
      return 'refused';
    }
  }
}

/** Sends the blob, through the upload that a failed mount opened if there is one; others wait meanwhile. */
async function sendBlob(
  copy: BlobCopy,
  opened: BlobUpload | undefined,
  context: CopyContext,
  signal: AbortSignal,
): Promise<'present' | 'sent'> {
  const { target, blob } = copy;
  const ledger = context.ledgerOf(target.scope);
  let next = opened;
  try {
    return await ledger.track(blob.digest, target.repository, 'send', async () => {
      const outcome = await sendRepeatedly(blob, context, signal, sendOnce);
      // Before the work counts as done, or somebody could come by in between and see neither.
      ledger.add(blob.digest, target.repository, outcome);
      return outcome;
    });
  } finally {
    await next?.abort();
  }

  async function sendOnce(): Promise<'present' | 'sent' | ControllerError> {
    const upload = next ?? (await target.beginBlob(blob, { from: target.repository }, signal));
    next = undefined;
    if (upload === undefined) return 'present';
    return (await transfer(copy, upload, context, signal)) ?? 'sent';
  }
}

/** Tries until it is done or there is no sense in it; a slot is held while trying, none while pausing. */
async function sendRepeatedly(
  { size }: Descriptor,
  context: CopyContext,
  signal: AbortSignal,
  sendOnce: () => Promise<'present' | 'sent' | ControllerError>,
): Promise<'present' | 'sent'> {
  const { blobSlots, largeBlobSlots } = context;
  const attemptOnce = (): ReturnType<typeof sendOnce> => blobSlots.run(signal, sendOnce);
  let corrupt = 0;
  for (let attempt = 1; ; attempt += 1) {
    const outcome =
      size < LARGE_BYTES ? await attemptOnce() : await largeBlobSlots.run(signal, attemptOnce);
    if (!(outcome instanceof ControllerError)) return outcome;
    signal.throwIfAborted();
    if (outcome.code === 'BLOB_CORRUPT') corrupt += 1;
    const isFinal = outcome.remedy !== 'retry-later' || corrupt > 1;
    if (isFinal || attempt >= context.transferAttempts) throw outcome;
    await context.pause(backoffMs(attempt), signal);
  }
}

/**
 * Streams the blob into the upload. What breaks on the way is returned, since a stream cannot be sent again by
 * the transport; a source that cannot be opened was retried there, and throws.
 */
async function transfer(
  { source, blob, image }: BlobCopy,
  upload: BlobUpload,
  { progress }: CopyContext,
  signal: AbortSignal,
): Promise<ControllerError | undefined> {
  await using body = await source.openBlob(blob, signal).catch(async (error: unknown) => {
    await upload.abort();
    throw error;
  });
  let sent = 0;
  let reported = 0;
  function report(): void {
    progress.report({ kind: 'bytes-sent', image, bytes: sent - reported });
    reported = sent;
  }
  const content = verified(body, blob, (bytes) => {
    sent += bytes;
    if (sent - reported >= REPORTED_BYTES) report();
  });
  try {
    await upload.finish(content, signal);
    if (sent > reported) report();
    return undefined;
  } catch (error) {
    progress.report({ kind: 'bytes-sent', image, bytes: -reported });
    if (!(error instanceof ControllerError)) throw error;
    return error.code === 'BLOB_CORRUPT' ? corruptFrom(source, error) : error;
  }
}

/** With the name of the source, which alone can have changed the content. */
function corruptFrom({ name }: ImageSource, error: ControllerError): ControllerError {
  return new ControllerError('BLOB_CORRUPT', `reading from ${name}: ${error.message}`, {
    remedy: error.remedy,
    hint: `Something on the way or ${name} itself changed the content: look at proxies and caches before it, or have the image pushed again there.`,
    cause: error,
  });
}

/** About a second, doubled each time; by chance up to half of it less, so that many do not come back at once. */
function backoffMs(attempt: number): number {
  return 1000 * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
}
