import type { ControllerError } from '../../base/controller-error.ts';
import { formatPosition } from '../../base/entry-position.ts';
import { formatProblem } from '../../base/field-problem.ts';
import type { ContentType } from '../../imageset/problem.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { WantedImage, WantingEntry } from '../../lock/wanted-image.ts';
import type { Destination } from '../../oci/destination.ts';
import { type Ends, lookUpDigest } from '../../reconcile/ends.ts';
import { additionalEntries } from '../../resolve/additional-entries.ts';
import { additionalRequests } from '../../resolve/additional-requests.ts';
import { resolveImages } from '../../resolve/resolve-images.ts';
import { unitePlaces } from '../../resolve/unite-places.ts';
import { unsupportedContent } from '../../resolve/unsupported-content.ts';
import type { LoadedConfiguration } from './load-configuration.ts';
import type { MirrorLog } from './mirror-log.ts';

/** What the configuration asks for, or why nothing may be copied. */
export type Collection =
  | {
      readonly kind: 'collected';
      readonly images: readonly CollectedImage[];
      /** Images that are not at their source: they fail alone. */
      readonly missing: readonly MissingImage[];
    }
  | { readonly kind: 'failed'; readonly problems: readonly CollectionProblem[] };

export interface CollectedImage {
  readonly wanted: WantedImage;
  /** As the image set names it. */
  readonly origin: string;
}

export interface MissingImage {
  readonly origin: string;
  readonly error: ControllerError;
}

export interface CollectionProblem {
  readonly content: ContentType;
  readonly message: string;
}

export interface CollectOptions {
  readonly destination: Destination;
  readonly ends: Ends;
  /** Where `oci://` paths count from. */
  readonly cwd: string;
  /** Most sources asked at a time. */
  readonly parallel: number;
  readonly log: MirrorLog;
}

/**
 * The images of a configuration, tags looked up at their sources (spec, transfer-engine, 1.4). An entry that is wrong
 * in itself stops everything before the first copy; an image that is not at its source fails alone (design.md, section 7).
 */
export async function collectImages(
  { documents, lateProblems }: LoadedConfiguration,
  { destination, ends, cwd, parallel, log }: CollectOptions,
  signal: AbortSignal,
): Promise<Collection> {
  log.info('🕵  going to discover the necessary images...');
  const early = [...unsupportedContent(documents), ...lateProblems].flatMap((problem) =>
    problem.content === undefined
      ? []
      : [{ content: problem.content, message: formatProblem(problem) }],
  );
  if (early.length > 0) return { kind: 'failed', problems: early };

  if (documents.some(({ content }) => content.additionalImages !== undefined)) {
    log.info('🔍 collecting additional images...');
  }
  const { entries, blocked } = additionalEntries(documents);
  for (const { name, position, pattern } of blocked) {
    log.debug(`${name} (${formatPosition(position)}) is blocked by "${pattern}"`);
  }
  const originOf = new Map(entries.map(({ name, entry }) => [keyOf(entry), name]));
  const requested = additionalRequests(entries, destination);
  const resolved = await resolveImages(
    requested.requests,
    {
      lookUpDigest: (reference, signal) => lookUpDigest(ends, reference, cwd, signal),
      lockedDigest: () => undefined,
      parallel,
    },
    signal,
  );
  const { wanted, failures } = unitePlaces({
    wanted: resolved.wanted,
    failures: [...requested.failures, ...resolved.failures],
  });
  const wrong = failures.filter(isWrongInItself);
  if (wrong.length > 0) return { kind: 'failed', problems: wrong.map(problemOf) };
  return {
    kind: 'collected',
    images: wanted.map((image) => ({
      wanted: image,
      origin: image.entries.map((entry) => originOf.get(keyOf(entry)))[0] ?? image.source,
    })),
    missing: failures.map(({ wanted: origin, error }) => ({ origin, error })),
  };
}

/** The image set has to change; for everything else the source may. */
function isWrongInItself({ error }: EntryFailure): boolean {
  return error.code === 'REFERENCE_INVALID' || error.code === 'DESTINATION_CONFLICT';
}

function problemOf({ entries, error }: EntryFailure): CollectionProblem {
  const hint = error.hint === undefined ? '' : ` (${error.hint})`;
  const [first] = entries;
  // A conflict names its entries itself.
  const isNamed = first === undefined || entries.length > 1;
  const where = isNamed ? '' : `${formatPosition(first.position)}: `;
  return { content: 'additional', message: `${where}${error.message}${hint}` };
}

function keyOf({ position, field }: WantingEntry): string {
  return `${formatPosition(position)} ${field}`;
}
