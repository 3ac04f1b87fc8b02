import { ControllerError } from '../../base/controller-error.ts';
import { openBuiltImage } from '../../built/built-image.ts';
import { findRebuilt } from '../../catalog/rebuild/find-rebuilt.ts';
import type { Lock, LockedCatalog, LockedImage } from '../../lock/lock.ts';
import type { BundleFault } from '../../lock/wanted-catalog.ts';
import { relativePlace } from '../../oci/destination.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { parseReference } from '../../oci/reference.ts';
import { buildCatalog, inputsOf } from '../../resolve/operators/build-catalog.ts';
import { catalogPlace } from '../../resolve/operators/catalog-place.ts';
import type { CatalogRequest } from '../../resolve/operators/catalog-request.ts';
import { catalogRequests } from '../../resolve/operators/catalog-requests.ts';
import { type CatalogAt, prepareCatalog } from '../../resolve/operators/prepare-catalog.ts';
import type { SelectedCatalog } from '../../resolve/operators/select-catalog.ts';
import type { MirrorSettings } from '../../settings/settings.ts';
import { type Ends, sourceOf } from '../ends.ts';
import type { MirrorFiles } from '../read-mirror-files.ts';

export interface BuildAgainOptions {
  readonly mirror: MirrorSettings;
  readonly ends: Ends;
  /** The files that the lock was made of; undefined where they cannot be read any more. */
  readonly filesOfLock: (signal: AbortSignal) => Promise<MirrorFiles | undefined>;
}

/**
 * Where a catalog image that was built is copied from, by the digest of its line: no source has it. What is kept of the
 * build serves; without it the image is built of the same inputs, of which it is a pure function (design.md, section 5,
 * step 6).
 * @returns undefined where the line is not of an image that was built.
 * @throws ControllerError CATALOG_INVALID where it cannot be built again, and what the source throws.
 */
export async function buildAgain(
  { mirror, ends, filesOfLock }: BuildAgainOptions,
  lock: Lock,
  { destination, digest }: LockedImage,
  signal: AbortSignal,
): Promise<ImageSource | undefined> {
  const line = lock.catalogs.find((one) => one.destination === destination);
  // Of some platforms of a single image nothing is left out: it is the source's own.
  if (line?.inputs === undefined || digest === line.sourceDigest) return undefined;
  const reference = { ...parseReference(line.source), digest: line.sourceDigest };
  const source = sourceOf(ends, reference, mirror.ociRoot);
  const folder = ends.catalogFolder;
  if ((await findRebuilt(folder, line.inputs, signal)) === digest)
    return openBuiltImage(folder, source);
  const request = requestOf(line, await filesOfLock(signal), mirror);
  if (request === undefined) {
    const why = 'no file at the commit of the lock asks for it as it was built';
    throw notAgain(line, why, 'Run a pass: it builds the catalog as the files want it now.');
  }
  const at = { digest: line.sourceDigest, source, folder };
  const built = await build(request, line, at, mirror, signal);
  if (built.digest === digest) return built.image;
  const why = `this version of imageset builds ${built.digest} of the same, not ${digest}`;
  throw notAgain(line, why, 'Run a pass with --resync: it publishes the catalog anew.');
}

/** The request that the line was made of, which its inputs tell for sure. */
function requestOf(
  line: LockedCatalog,
  files: MirrorFiles | undefined,
  { destination }: MirrorSettings,
): CatalogRequest | undefined {
  if (files === undefined || files.problems.length > 0) return undefined;
  const documents = files.documents.filter(({ kind }) => kind === 'mirror');
  const without = (line.without ?? []).map((bundle) => ({ bundle }));
  return catalogRequests(documents).find(
    (request) =>
      inputsOf(request, line.sourceDigest, without) === line.inputs &&
      relativePlace(catalogPlace(request.reference, request, destination), destination) ===
        line.destination,
  );
}

async function build(
  request: CatalogRequest,
  { without = [] }: LockedCatalog,
  at: CatalogAt,
  { destination }: MirrorSettings,
  signal: AbortSignal,
): ReturnType<typeof buildCatalog> {
  const selected = await prepareCatalog(request, at, destination, signal);
  return buildCatalog(selected, faultsOf(selected, new Set(without)), at, signal);
}

function faultsOf({ bundles, faulty }: SelectedCatalog, names: ReadonlySet<string>): BundleFault[] {
  const left = bundles.map(({ sources, version, ...bundle }) => {
    return { ...bundle, reason: 'left out before' };
  });
  return [...faulty, ...left].filter(({ bundle }) => names.has(bundle));
}

function notAgain({ destination }: LockedCatalog, why: string, hint: string): ControllerError {
  return new ControllerError(
    'CATALOG_INVALID',
    `catalog ${destination} cannot be built again: ${why}`,
    { remedy: 'wait-for-change', hint },
  );
}
