import { mkdir, rm, writeFile } from 'node:fs/promises';
import { ControllerError } from '../../base/controller-error.ts';
import { systemReason } from '../../base/system-reason.ts';
import { filterHash } from '../../catalog/rebuild/filter-hash.ts';
import { type Destination, type Place, formatPlace, placeCatalog } from '../../oci/destination.ts';
import { digestTag } from '../../oci/digest.ts';
import type { Collection } from './collect-images.ts';
import type { CollectedCatalog } from './collect-operators.ts';
import type { MirrorLog } from './mirror-log.ts';
import { originOf } from './publish-catalogs.ts';
import type { Workspace } from './workspace.ts';

export interface MappingOptions {
  readonly workspace: Workspace;
  readonly log: MirrorLog;
  readonly destination: Destination;
  /** The port of the reference tool's cache registry: its lines stand for the cache folder (design.md, section 8). */
  readonly cachePort: number;
}

/** Writes `dry-run/mapping.txt`: what would be copied from where to where (spec, config-and-outputs, section 5). */
export async function writeMapping(
  { requests, releases: { graph }, catalogs }: Collection & { readonly kind: 'collected' },
  { workspace, log, destination, cachePort }: MappingOptions,
): Promise<void> {
  const lines = [
    ...requests.map(({ name, place }) => mappingLine(withTransport(name), place)),
    ...(graph === undefined ? [] : [mappingLine(graph.origin, graph.place)]),
    ...catalogs.flatMap((catalog) => catalogLines(catalog, destination, cachePort)),
  ];
  const shown = workspace.shown('dry-run', 'mapping.txt');
  try {
    await rm(workspace.path('dry-run'), { recursive: true, force: true });
    await mkdir(workspace.path('dry-run'), { mode: 0o755 });
    const text = [...new Set(lines)].map((line) => `${line}\n`).join('');
    await writeFile(workspace.path('dry-run', 'mapping.txt'), text, { mode: 0o644 });
  } catch (cause) {
    throw new ControllerError(
      'STATE_UNAVAILABLE',
      `${shown} cannot be written: ${systemReason(cause)}`,
      { remedy: 'retry-later', hint: 'Give --workspace a folder that can be written.', cause },
    );
  }
  log.info(`📄 list of all images for mirroring in : ${shown}`);
}

/** A catalog is listed with its way over the cache, under its own tag and that of its filter. */
function catalogLines(
  catalog: CollectedCatalog,
  destination: Destination,
  cachePort: number,
): string[] {
  const { request, isWhole } = catalog.selected;
  const cache = { host: `localhost:${cachePort}`, namespace: '', maxNestedPaths: 0 };
  const origin = withTransport(originOf(catalog));
  const own = digestTag(catalog.digest);
  const kept = mappingLine(origin, placeCatalog(request.reference, request, own, cache));
  if (isWhole) {
    return [mappingLine(origin, placeCatalog(request.reference, request, own, destination)), kept];
  }
  const hash = filterHash({
    name: request.name.replace(/^\w+:\/\//, '').replace(/(?::[^/@]*)?(?:@.*)?$/, ''),
    digest: catalog.digest,
    ...request.selection,
    platforms: request.platforms ?? [],
  });
  const built = { ...placeCatalog(request.reference, request, own, cache), tag: hash };
  const place = placeCatalog(request.reference, request, `sha256-${hash}`, destination);
  return [kept, mappingLine(`docker://${formatPlace(built)}`, place)];
}

function mappingLine(source: string, place: Place): string {
  return `${source}=docker://${formatPlace(place)}`;
}

function withTransport(name: string): string {
  return name.includes('://') ? name : `docker://${name}`;
}
