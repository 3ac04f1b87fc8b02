import type { Place } from '../oci/destination.ts';
import type { PassContext } from './pass-context.ts';

/**
 * Says, before the first byte moves, how each host is reached and with which credential; that pushing works (one
 * upload is opened and cancelled); and whether deleting is granted, where the token says so.
 * @throws ControllerError when pushing is refused.
 */
export async function preflight(
  { ends, log }: PassContext,
  place: Place,
  signal: AbortSignal,
): Promise<void> {
  for (const { host, credential } of ends.reading.sourceAccess()) {
    log.info({ host, credential }, 'source can be read');
  }
  const { host, credential, mayDelete } = await ends.writing.preflightPush(place, signal);
  log.info({ host, credential, mayDelete }, 'destination can be pushed to');
}
