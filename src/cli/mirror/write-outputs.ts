import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatProblem } from '../../base/field-problem.ts';
import { systemReason } from '../../base/system-reason.ts';
import type { WantedImage } from '../../lock/wanted-image.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import { type Destination, formatPlace, relativePlace } from '../../oci/destination.ts';
import {
  type CatalogSourceTemplate,
  readCatalogSourceTemplate,
} from '../../resources/catalog-source-template.ts';
import { mirrorSets } from '../../resources/mirror-sets.ts';
import { nameCatalogs } from '../../resources/name-catalogs.ts';
import type { PublishedCatalog } from '../../resources/published-catalog.ts';
import { renderCatalogs } from '../../resources/render-catalogs.ts';
import {
  type PublishedSignature,
  renderSignatureConfigMaps,
} from '../../resources/signature-configmap.ts';
import { renderUpdateService, servedReleases } from '../../resources/update-service.ts';
import type { FoundRelease } from '../../resolve/releases/found-release.ts';
import { renderResources } from '../../resources/render-resources.ts';
import type { CollectedImage } from './collect-images.ts';
import type { CollectedCatalog } from './collect-operators.ts';
import type { MirrorLog } from './mirror-log.ts';
import { pinConfigurations } from './pinned-configurations.ts';
import { type Workspace, replaceResources, shownResource } from './workspace.ts';

/** Writes the pinned configurations into the workspace; a failure only warns (spec, config-and-outputs, section 7). */
export async function writePinned(
  documents: readonly ImageSetDocument[],
  catalogs: readonly CollectedCatalog[],
  {
    workspace,
    log,
    now,
  }: { readonly workspace: Workspace; readonly log: MirrorLog; readonly now: Date },
): Promise<void> {
  log.info('Generating pinned configurations...');
  const digests = new Map(
    catalogs.map(({ selected, digest }) => [selected.request.source, digest]),
  );
  const pinned = pinConfigurations(documents, now, digests);
  for (const [kind, label] of [
    ['mirror', 'ISC'],
    ['delete', 'DISC'],
  ] as const) {
    const name = pinned.fileNames[kind];
    try {
      await writeFile(workspace.path(name), pinned[kind], { mode: 0o644 });
      log.info(`Pinned ${label} written to: ${workspace.shown(name)}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn(`pinned ${label} not written to ${workspace.shown(name)}: ${reason}`);
    }
  }
}

/**
 * Writes the cluster resources of what is at the destination (spec, config-and-outputs, 4). Where nothing is, those
 * of the last run stay: a source that cannot be reached must not take the mirrors out of a cluster.
 * @throws ControllerError STATE_UNAVAILABLE
 */
export async function writeResources(
  there: readonly CollectedImage[],
  { workspace, log, nested, cwd, destination, releases }: ResourceOptions,
): Promise<void> {
  log.info('📄 Generating cluster resources...');
  if (there.length === 0) {
    log.info('📄 Nothing mirrored. The cluster resources stay as they are.');
    return;
  }
  const images = there.map(({ wanted }) => wanted);
  const files = renderResources(mirrorSets(images, { scope: 'namespace', nested }), { omit: [] });
  const published = await publishedCatalogs(there, { log, cwd, destination });
  const rendering = {
    naming: 'tag',
    omit: [],
    argocd: false,
    catalogSource: { secrets: [] },
  } as const;
  const signatures = signaturesOf(releases, images);
  for (const [name, text] of [
    ...renderCatalogs(published, rendering),
    ...renderSignatureConfigMaps(signatures, { json: true }),
    ...renderUpdateService(servedReleases(images), rendering),
  ]) {
    files.set(name, text);
  }
  await replaceResources(workspace, files);
  for (const name of files.keys()) log.info(`${shownResource(workspace, name)} file created`);
}

interface ResourceOptions {
  readonly workspace: Workspace;
  readonly log: MirrorLog;
  readonly nested: boolean;
  /** Where the paths of templates count from. */
  readonly cwd: string;
  readonly destination: Destination;
  readonly releases: readonly FoundRelease[];
}

/** Of the payloads that are at the destination; one that was taken unsigned has none (spec, releases-helm, 3.5). */
function signaturesOf(
  releases: readonly FoundRelease[],
  there: readonly WantedImage[],
): PublishedSignature[] {
  const places = new Set(
    there.flatMap(({ kind, place }) => (kind === 'release' ? [formatPlace(place)] : [])),
  );
  return releases.flatMap(({ place, release, payload, signature }) =>
    signature !== undefined && places.has(formatPlace(place))
      ? [{ release, payload, bytes: signature.bytes }]
      : [],
  );
}

async function publishedCatalogs(
  there: readonly CollectedImage[],
  { log, cwd, destination }: Pick<ResourceOptions, 'log' | 'cwd' | 'destination'>,
): Promise<PublishedCatalog[]> {
  const placed = there
    .filter(({ wanted }) => wanted.kind === 'catalog')
    .map(({ wanted, template }) => {
      return { wanted, path: template, at: relativePlace(wanted.place, destination) };
    });
  const names = nameCatalogs(
    [],
    placed.map(({ at }) => at),
  );
  const published: PublishedCatalog[] = [];
  for (const { wanted, path, at } of placed) {
    const { place, digest } = wanted;
    const template = path === undefined ? undefined : await readTemplate(path, cwd, log);
    published.push({
      name: names.get(at) ?? at,
      place,
      digest,
      ...(template === undefined ? {} : { template }),
    });
  }
  return published;
}

/** A template that is wrong is left out: the plain resource serves (spec, config-and-outputs, 4.4, "Template"). */
async function readTemplate(
  path: string,
  cwd: string,
  log: MirrorLog,
): Promise<CatalogSourceTemplate | undefined> {
  try {
    const text = await readFile(resolve(cwd, path), 'utf8');
    const { template, warnings } = readCatalogSourceTemplate(path, text);
    for (const warning of warnings) log.error(formatProblem(warning));
    return template;
  } catch (error) {
    const reason = systemReason(error);
    log.error(
      `error generating catalog source from template. Fall back to generating catalog source without template: ${path} cannot be read: ${reason}`,
    );
    return undefined;
  }
}
