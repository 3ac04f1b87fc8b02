import { ControllerError } from '../../base/controller-error.ts';
import { formatPosition } from '../../base/entry-position.ts';
import { formatProblem } from '../../base/field-problem.ts';
import { forEachConcurrently } from '../../base/for-each-concurrently.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import type { Destination } from '../../oci/destination.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { type Ends, lookUpDigest, sourceOf } from '../../reconcile/ends.ts';
import type { CatalogRequest } from '../../resolve/operators/catalog-request.ts';
import { catalogRequests } from '../../resolve/operators/catalog-requests.ts';
import { prepareCatalog } from '../../resolve/operators/prepare-catalog.ts';
import type { SelectedCatalog } from '../../resolve/operators/select-catalog.ts';
import type { MirrorLog } from './mirror-log.ts';

/** A catalog that was read and filtered. */
export interface CollectedCatalog {
  readonly selected: SelectedCatalog;
  /** The digest that its reference stands for now. */
  readonly digest: Digest;
  readonly source: ImageSource;
}

export interface CollectedOperators {
  readonly catalogs: readonly CollectedCatalog[];
  /** Why catalogs cannot be mirrored, one text for each. */
  readonly problems: readonly string[];
}

export interface CollectOperatorsOptions {
  readonly destination: Destination;
  readonly ends: Ends;
  /** Where `oci://` paths count from. */
  readonly cwd: string;
  readonly log: MirrorLog;
}

/** Catalogs read at a time: each keeps a decompressor and a parser busy. */
const PARALLEL_CATALOGS = 2;

/** Reads and filters the catalogs of a configuration. All problems of all catalogs are found (spec, operator-catalogs, 2 and 3). */
export async function collectOperators(
  documents: readonly ImageSetDocument[],
  options: CollectOperatorsOptions,
  signal: AbortSignal,
): Promise<CollectedOperators> {
  const requests = catalogRequests(documents);
  const { log } = options;
  const found = new Map<CatalogRequest, CollectedCatalog>();
  const problems = new Map<CatalogRequest, string>();
  await forEachConcurrently(requests, { limit: PARALLEL_CATALOGS, signal }, async (request) => {
    log.info(`🔍 collecting operator images of ${request.name}...`);
    try {
      found.set(request, await collect(request, options, signal));
    } catch (error) {
      if (!(error instanceof ControllerError) || signal.aborted) throw error;
      problems.set(request, problemText(request, error));
    }
  });
  const catalogs = requests.flatMap((request) => found.get(request) ?? []);
  for (const { selected } of catalogs) report(selected, log);
  return { catalogs, problems: requests.flatMap((request) => problems.get(request) ?? []) };
}

async function collect(
  request: CatalogRequest,
  { ends, cwd, destination }: CollectOperatorsOptions,
  signal: AbortSignal,
): Promise<CollectedCatalog> {
  const { reference } = request;
  const source = sourceOf(ends, reference, cwd);
  const digest = reference.digest ?? (await lookUpDigest(ends, reference, cwd, signal));
  const at = { digest, source, folder: ends.catalogFolder };
  return { selected: await prepareCatalog(request, at, destination, signal), digest, source };
}

/** What the filter found odd, and bundles that cannot be mirrored. */
function report({ warnings, faulty, request }: SelectedCatalog, log: MirrorLog): void {
  for (const warning of warnings) log.warn(formatProblem(warning));
  for (const { bundle, reason, ...rest } of faulty) {
    log.warn(
      `${request.name}: bundle ${bundle} of operator ${rest.package} is left out: ${reason}`,
    );
  }
}

function problemText({ name, entries }: CatalogRequest, error: ControllerError): string {
  const [entry] = entries;
  // What the filter finds says itself where it stands.
  const isPlaced = entry === undefined || error.code === 'CATALOG_SELECTION';
  const where = isPlaced ? '' : `${formatPosition(entry.position)}: `;
  const hint = error.hint === undefined || error.hint === '' ? '' : ` (${error.hint})`;
  return `${where}collect catalog "${name}": ${error.message}${hint}`;
}
