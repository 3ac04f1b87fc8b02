import { ControllerError } from '../../base/controller-error.ts';
import type { Log } from '../../base/log.ts';
import { CATALOG_FOLDER_LIMITS } from '../../catalog/catalog-folder-limits.ts';
import { boundFolder } from '../../store/bound-folder.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { openCatalog } from '../../catalog/read/open-catalog.ts';
import {
  type RegistryReference,
  formatReference,
  manifestReferenceOf,
} from '../../oci/reference.ts';
import type { RegistryClient } from '../../registry/registry-client.ts';
import { openCatalogFolder } from '../catalog-folder.ts';
import type { CommandIo } from '../io.ts';
import { makeLog } from '../make-log.ts';
import { openClients } from '../open-clients.ts';
import { formatList, formatListJson } from './format-list.ts';
import type { ListCall } from './list-options.ts';
import { probeCatalogs } from './probe-catalogs.ts';
import { readList } from './read-list.ts';

const REQUESTS = 8;

/**
 * `imageset list operators`: what catalogs there are, or what is in one (spec, operator-catalogs, section 6).
 * @returns what to print.
 * @throws ControllerError before anything is printed.
 */
export async function listOperators(
  call: ListCall,
  io: CommandIo,
  signal: AbortSignal,
): Promise<string> {
  const { request, output } = call;
  const { environment } = io;
  const log = makeLog({
    level: call.logLevel,
    format: 'text',
    isTerminal: io.isTerminal.stderr,
    write: io.stderr,
  });
  const defaults = { retry: call.retry, requestsPerHost: REQUESTS, environment };
  await using clients = await openClients(call, defaults, log);
  if (request.kind === 'catalogs') {
    const { version } = request;
    const catalogs = await probeCatalogs(clients.reading, version, signal);
    const listed = { kind: 'catalogs', version, catalogs } as const;
    return output === 'json' ? formatListJson(listed) : formatList(listed);
  }

  await using folder = await openCatalogFolder(call.cacheDir, io);
  if (io.isTerminal.stderr) io.stderr(`reading ${formatReference(request.reference)} …\n`);
  const options = { client: clients.reading, folder: folder.path, log };
  const catalog = await openAt(request.reference, options, signal);
  const listed = await readList(catalog, request, signal);
  await boundFolder(folder.path, CATALOG_FOLDER_LIMITS, io.now().getTime(), signal);
  if (output === 'text') return formatList(listed);
  const reference = formatReference(request.reference);
  return formatListJson(listed, { reference, digest: catalog.digest });
}

async function openAt(
  reference: RegistryReference,
  { client, folder, log }: { client: RegistryClient; folder: string; log: Log },
  signal: AbortSignal,
): Promise<Catalog> {
  try {
    const source = client.source(reference);
    const { digest } = await source.readManifest(manifestReferenceOf(reference), signal);
    const name = formatReference(reference);
    return await openCatalog({ source, digest, name, folder, log }, signal);
  } catch (error) {
    if (!(error instanceof ControllerError)) throw error;
    const { code, remedy, hint } = error;
    throw new ControllerError(code, `failed to load catalog: ${error.message}`, {
      remedy,
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}
