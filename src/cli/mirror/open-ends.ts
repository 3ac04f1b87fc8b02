import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Log } from '../../base/log.ts';
import type { Ends } from '../../reconcile/ends.ts';
import { createBlobLists } from '../../store/blob-lists.ts';
import { openLayoutSource } from '../../store/layout-source.ts';
import { createManifestCache } from '../../store/manifest-cache.ts';
import { makeLog } from '../make-log.ts';
import { openClients } from '../open-clients.ts';
import type { MirrorFlags } from './mirror-options.ts';

export interface OpenEndsOptions {
  readonly flags: MirrorFlags;
  readonly registryLog: Log;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly catalogFolder: string;
}

/** A log of the file that retries and registries' warnings go to, and nowhere else (spec, transfer-engine, 1.2). */
export function openRegistryLog(file: string): Log {
  return makeLog({
    level: 'debug',
    format: 'json',
    isTerminal: false,
    write: (line) => {
      appendFileSync(file, line);
    },
  });
}

const MANIFESTS_BYTES = 64 * 1024 * 1024;

/**
 * The two ends of a run, to be disposed.
 * @throws ControllerError USAGE for credential flags that exclude each other, REGISTRIES_CONF_INVALID.
 */
export async function openEnds({
  flags,
  registryLog: log,
  environment,
  catalogFolder,
}: OpenEndsOptions): Promise<Ends & AsyncDisposable> {
  const { parallelImages, parallelLayers, retryTimes, retryDelayMs } = flags;
  const defaults = {
    retry: { times: retryTimes, delayMs: Math.max(0, retryDelayMs) },
    // One for each blob in flight, and one for each image's manifests.
    requestsPerHost: parallelImages * parallelLayers + parallelImages,
    environment,
  };
  const clients = await openClients(flags, defaults, log);
  return {
    reading: clients.reading,
    writing: clients.writing,
    manifests: createManifestCache({ limitBytes: 0, memoryBytes: MANIFESTS_BYTES, log }),
    openBlobLists: createBlobLists({ log }),
    openLayout: (directory, root = '.') => openLayoutSource(resolve(root, directory)),
    catalogFolder,
    [Symbol.asyncDispose]: () => clients[Symbol.asyncDispose](),
  };
}
