import type { ControllerError } from '../../base/controller-error.ts';
import { formatPosition } from '../../base/entry-position.ts';
import { formatProblem } from '../../base/field-problem.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import { type ContentType, contentTypeOf } from '../../imageset/problem.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { ImageKind, WantedImage, WantingEntry } from '../../lock/wanted-image.ts';
import { formatPlace } from '../../oci/destination.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { lookUpDigest } from '../../reconcile/ends.ts';
import { additionalEntries } from '../../resolve/additional-entries.ts';
import { additionalRequests } from '../../resolve/additional-requests.ts';
import type { ImageRequest } from '../../resolve/image-request.ts';
import { resolveImages } from '../../resolve/resolve-images.ts';
import { unitePlaces } from '../../resolve/unite-places.ts';
import { unsupportedContent } from '../../resolve/unsupported-content.ts';
import type { CollectedCatalog, CollectedOperators } from './collect-operators.ts';
import type { CollectReleasesOptions, CollectedReleases } from './collect-releases.ts';
import type { LoadedConfiguration } from './load-configuration.ts';
import type { MirrorReleases } from './open-mirror-releases.ts';

/** What the configuration asks for, or why nothing may be copied. */
export type Collection =
  | {
      readonly kind: 'collected';
      /** In the order in which they are copied. */
      readonly requests: readonly ImageRequest[];
      readonly releases: CollectedReleases;
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
  /** Where it is copied from, if that is not where it comes from: a catalog or a graph image that was built. */
  readonly from?: ImageSource;
  /** Of a release: the places of its components, without which it is not copied. */
  readonly requires?: readonly string[];
  /** Of a catalog: the file of its CatalogSource template, as written. */
  readonly template?: string;
}

export interface MissingImage {
  readonly origin: string;
  readonly content: ContentType;
  readonly error: ControllerError;
}

export interface CollectOptions extends Omit<CollectReleasesOptions, 'releases'> {
  /** Undefined: the configuration wants none. */
  readonly releases: MirrorReleases | undefined;
}

/** What is named before what names it; releases, of which one that fails ends the run, before all else. */
export const COPY_ORDER: readonly ImageKind[] = [
  'release-component',
  'release',
  'graph',
  'related-image',
  'additional',
  'helm',
  'bundle',
  'catalog',
];

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

  // As in the reference tool: what is wrong with releases stops everything at once.
  const releases = await releasesOf(documents, options, signal);
  if (releases.problems.length > 0) {
    const found = releases.problems.map((message) => ({ content: 'release' as const, message }));
    return { kind: 'failed', problems: found };
  }
  const { catalogs, problems } = await operatorsOf(documents, options, signal);
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
  const all = [
    ...releases.releases.flatMap((release) => release.requests),
    ...catalogs.flatMap(({ selected }) => selected.images),
    ...additional.requests,
  ];
  const requests = COPY_ORDER.flatMap((kind) => all.filter((request) => request.kind === kind));
  return { kind: 'collected', requests, releases, catalogs };
}

/**
 * Looks up the digests of tags at their sources. One place that would have to be two images stops everything; an image
 * that is not at its source fails alone (design.md, section 7).
 */
export async function lookUpImages(
  {
    requests,
    releases,
  }: Pick<Collection & { readonly kind: 'collected' }, 'requests' | 'releases'>,
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
  const componentsOf = new Map(
    releases.releases.map(({ place, components }) => [
      formatPlace(place),
      components.map(formatPlace),
    ]),
  );
  const images = wanted.map((image): CollectedImage => {
    const requires = componentsOf.get(formatPlace(image.place));
    return {
      wanted: image,
      origin: image.entries.map((entry) => names.get(keyOf(entry)))[0] ?? image.source,
      content: contentOf(image.entries),
      ...(requires === undefined ? {} : { requires }),
    };
  });
  return {
    kind: 'looked-up',
    images: [...images, ...graphImages(releases)],
    missing: failures.map(({ entries, wanted: origin, error }) => {
      return { origin, content: contentOf(entries), error };
    }),
  };
}

/** What reads releases is loaded where they are wanted; so is what reads catalogs. */
async function releasesOf(
  documents: readonly ImageSetDocument[],
  { releases, ...options }: CollectOptions,
  signal: AbortSignal,
): Promise<CollectedReleases> {
  if (releases === undefined) return { releases: [], problems: [] };
  const { collectReleases } = await import('./collect-releases.ts');
  return collectReleases(documents, { ...options, releases }, signal);
}

async function operatorsOf(
  documents: readonly ImageSetDocument[],
  options: CollectOptions,
  signal: AbortSignal,
): Promise<CollectedOperators> {
  if (documents.every(({ content }) => content.operators === undefined))
    return { catalogs: [], problems: [] };
  const { collectOperators } = await import('./collect-operators.ts');
  return collectOperators(documents, options, signal);
}

function graphImages({ graph }: CollectedReleases): CollectedImage[] {
  if (graph?.image === undefined) return [];
  const { place, origin, entries, image } = graph;
  return [
    {
      wanted: { place, digest: image.digest, source: origin, kind: 'graph', entries },
      origin,
      content: 'release',
      from: image.from,
    },
  ];
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
