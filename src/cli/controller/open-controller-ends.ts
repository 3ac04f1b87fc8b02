import { isAbsolute, join, relative, resolve } from 'node:path';
import { ControllerError } from '../../base/controller-error.ts';
import type { Log } from '../../base/log.ts';
import type { ImageSource } from '../../oci/ends.ts';
import type { Ends } from '../../reconcile/ends.ts';
import type { Settings } from '../../settings/settings.ts';
import { createBlobLists } from '../../store/blob-lists.ts';
import { openLayoutSource } from '../../store/layout-source.ts';
import { createManifestCache } from '../../store/manifest-cache.ts';
import type { EndFlags } from '../end-settings-from-flags.ts';
import { openClients } from '../open-clients.ts';

export interface ControllerEndsOptions {
  readonly flags: { readonly source: EndFlags; readonly destination: EndFlags };
  readonly settings: Settings;
  readonly stateFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

const CACHE_BYTES = 512 * 1024 * 1024;
const RETRY = { times: 5, delayMs: 0 };

/** The two ends of all passes of a process, to be disposed. */
export async function openControllerEnds(
  options: ControllerEndsOptions,
): Promise<Ends & AsyncDisposable> {
  const { flags, settings, stateFolder, environment, log } = options;
  const { parallelImages, parallelBlobs } = settings.transfer;
  const defaults = { retry: RETRY, requestsPerHost: parallelImages + parallelBlobs, environment };
  const clients = await openClients(flags, defaults, log);
  const folder = join(stateFolder, 'manifests');
  return {
    reading: clients.reading,
    writing: clients.writing,
    manifests: createManifestCache({ folder, limitBytes: CACHE_BYTES, log }),
    openBlobLists: createBlobLists({ file: join(stateFolder, 'blobs.json'), log }),
    openLayout: openLayoutBelow,
    catalogFolder: join(stateFolder, 'catalogs'),
    [Symbol.asyncDispose]: () => clients[Symbol.asyncDispose](),
  };
}

/** Text from a pull request must not name just any folder of this machine (design.md, section 8). */
function openLayoutBelow(directory: string, root: string | undefined): ImageSource {
  if (root === undefined) {
    throw refused(
      `oci://${directory} is refused: the settings of this mirror name no folder for image layouts`,
      'Set `ociRoot` of the mirror to a folder, and name the layout relative to that.',
    );
  }
  const path = resolve(root, directory);
  const inside = relative(resolve(root), path);
  if (inside.startsWith('..') || isAbsolute(inside)) {
    throw refused(
      `oci://${directory} is not below ${root}, the mirror's ociRoot`,
      'Put the layout below the ociRoot of the mirror in the settings, and name it relative to that.',
    );
  }
  return openLayoutSource(path);
}

function refused(message: string, hint: string): ControllerError {
  return new ControllerError('REFERENCE_INVALID', message, { remedy: 'wait-for-change', hint });
}
