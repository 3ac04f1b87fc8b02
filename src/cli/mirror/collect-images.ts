import type { ControllerError } from '../../base/controller-error.ts';
import { formatPosition } from '../../base/entry-position.ts';
import { formatProblem } from '../../base/field-problem.ts';
import { type ContentType, contentTypeOf } from '../../imageset/problem.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { WantedImage, WantingEntry } from '../../lock/wanted-image.ts';
import type { Destination } from '../../oci/destination.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { type Ends, lookUpDigest } from '../../reconcile/ends.ts';
import { additionalEntries } from '../../resolve/additional-entries.ts';
import { additionalRequests } from '../../resolve/additional-requests.ts';
import type { ImageRequest } from '../../resolve/image-request.ts';
import { resolveImages } from '../../resolve/resolve-images.ts';
import { unitePlaces } from '../../resolve/unite-places.ts';
import { unsupportedContent } from '../../resolve/unsupported-content.ts';
import { type CollectedCatalog, collectOperators } from './collect-operators.ts';
import type { LoadedConfiguration } from './load-configuration.ts';
import type { MirrorLog } from './mirror-log.ts';

/** What the configuration asks for, or why nothing may be copied. */
export type Collection =
  | {
      readonly kind: 'collected';
      /** In the order in which they are copied. */
      readonly requests: readonly ImageRequest[];
      /** Built and copied once it is known which of their images arrived. */
      readonly catalogs: readonly CollectedCatalog[];
    }
  | CollectionFailure;

export interface CollectionFailure {
  readonly kind: 'failed';
  readonly problems: readonly CollectionProblem[];
}

export interface CollectionProblem {
  readonly content: ContentType;
  readonly message: string;
}

/** Images with their digests. */
export type LookedUp =
  | {
      readonly kind: 'looked-up';
      readonly images: readonly CollectedImage[];
      /** Images that are not at their source: they fail alone. */
      readonly missing: readonly MissingImage[];
    }
  | CollectionFailure;

export interface CollectedImage {
  readonly wanted: WantedImage;
  /** As the image set or the catalog names it. */
  readonly origin: string;
  readonly content: ContentType;
  /** Where it is copied from, if that is not where it comes from: a catalog that was built. */
  readonly from?: ImageSource;
  /** Of a catalog: the file of its CatalogSource template, as written. */
  readonly template?: string;
}

export interface MissingImage {
  readonly origin: string;
  readonly content: ContentType;
  readonly error: ControllerError;
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
 * What a configuration asks for (spec, transfer-engine, 1.4). An entry that is wrong in itself, or whose images cannot
 * be listed, stops everything before the first copy (design.md, section 7).
 */
export async function collectImages(
  { documents, lateProblems }: LoadedConfiguration,
  options: CollectOptions,
  signal: AbortSignal,
): Promise<Collection> {
  const { destination, log } = options;
  log.info('🕵  going to discover the necessary images...');
  const early = [...unsupportedContent(documents), ...lateProblems].flatMap((problem) =>
    problem.content === undefined
      ? []
      : [{ content: problem.content, message: formatProblem(problem) }],
  );
  if (early.length > 0) return { kind: 'failed', problems: early };

  const { catalogs, problems } = await collectOperators(documents, options, signal);
  if (documents.some(({ content }) => content.additionalImages !== undefined)) {
    log.info('🔍 collecting additional images...');
  }
  const { entries, blocked } = additionalEntries(documents);
  for (const { name, position, pattern } of blocked) {
    log.debug(`${name} (${formatPosition(position)}) is blocked by "${pattern}"`);
  }
  const additional = additionalRequests(entries, destination);
  const wrong: CollectionProblem[] = [
    ...problems.map((message) => ({ content: 'operator' as const, message })),
    ...additional.failures.map(problemOf),
  ];
  if (wrong.length > 0) return { kind: 'failed', problems: wrong };
  const operators = catalogs.flatMap(({ selected }) => selected.images);
  const ofKind = (kind: ImageRequest['kind']): ImageRequest[] =>
    operators.filter((request) => request.kind === kind);
  const requests = [...ofKind('related-image'), ...additional.requests, ...ofKind('bundle')];
  return { kind: 'collected', requests, catalogs };
}

/**
 * Looks up the digests of tags at their sources. One place that would have to be two images stops everything; an image
 * that is not at its source fails alone (design.md, section 7).
 */
export async function lookUpImages(
  requests: readonly ImageRequest[],
  { ends, cwd, parallel }: Pick<CollectOptions, 'ends' | 'cwd' | 'parallel'>,
  signal: AbortSignal,
): Promise<LookedUp> {
  const resolved = await resolveImages(
    requests,
    {
      lookUpDigest: (reference, signal) => lookUpDigest(ends, reference, cwd, signal),
      lockedDigest: () => undefined,
      parallel,
    },
    signal,
  );
  const { wanted, failures } = unitePlaces(resolved);
  const wrong = failures.filter(({ error }) => error.code === 'DESTINATION_CONFLICT');
  if (wrong.length > 0) return { kind: 'failed', problems: wrong.map(problemOf) };
  // An additional image is called what its entry says; the entry of an operator names many.
  const names = new Map(
    requests.flatMap(({ kind, name, entries }) =>
      kind === 'additional' ? entries.map((entry) => [keyOf(entry), name] as const) : [],
    ),
  );
  return {
    kind: 'looked-up',
    images: wanted.map((image) => ({
      wanted: image,
      origin: image.entries.map((entry) => names.get(keyOf(entry)))[0] ?? image.source,
      content: contentOf(image.entries),
    })),
    missing: failures.map(({ entries, wanted: origin, error }) => {
      return { origin, content: contentOf(entries), error };
    }),
  };
}

function problemOf({ entries, error }: EntryFailure): CollectionProblem {
  const hint = error.hint === undefined ? '' : ` (${error.hint})`;
  const [first] = entries;
  // A conflict names its entries itself.
  const isNamed = first === undefined || entries.length > 1;
  const where = isNamed ? '' : `${formatPosition(first.position)}: `;
  return { content: contentOf(entries), message: `${where}${error.message}${hint}` };
}

/** What the first entry is about: `mirror.operators[0]` is about operators. */
function contentOf([first]: readonly WantingEntry[]): ContentType {
  const field = /^\w+\.(\w+)/.exec(first?.field ?? '')?.[1];
  return contentTypeOf(field) ?? 'additional';
}

function keyOf({ position, field }: WantingEntry): string {
  return `${formatPosition(position)} ${field}`;
}
