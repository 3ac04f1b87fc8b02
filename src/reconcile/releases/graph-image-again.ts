import { ControllerError } from '../../base/controller-error.ts';
import type { LockedImage } from '../../lock/lock.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { parseReference } from '../../oci/reference.ts';
import type { ReleaseSources } from '../../release/release-sources.ts';
import { type Ends, sourceOf } from '../ends.ts';

/**
 * Where a graph image of the lock is copied from when it is lost: it is built again on the same base, as long as the
 * graph data are the same (design.md, section 5, step 6).
 * @throws ControllerError GRAPH_DATA_INVALID where they are not, DOWNLOAD_FAILED, and what the base's source throws.
 */
export async function graphImageAgain(
  { ends, releases }: { readonly ends: Ends; readonly releases: ReleaseSources },
  { destination, data, base, digest }: LockedImage,
  signal: AbortSignal,
): Promise<ImageSource> {
  const reference = parseReference(base ?? '');
  if (reference.digest === undefined) {
    throw notAgain(destination, 'the lock does not say what it was built on');
  }
  const { graphImage } = releases;
  const now = await graphImage.fetchData('now', signal);
  if (now.digest !== data) throw notAgain(destination, 'the graph data changed since it was built');
  const source = sourceOf(ends, reference, undefined);
  const built = await graphImage.build({ source, digest: reference.digest }, now, signal);
  if (built.digest === digest) return built.image;
  throw notAgain(destination, `this version of imageset builds ${built.digest} of the same`);
}

function notAgain(destination: string, why: string): ControllerError {
  const message = `the graph image ${destination} cannot be built as it was: ${why}`;
  return new ControllerError('GRAPH_DATA_INVALID', message, {
    remedy: 'wait-for-change',
    hint: 'Run a pass with --resync: it publishes a graph image of the data of today.',
  });
}
