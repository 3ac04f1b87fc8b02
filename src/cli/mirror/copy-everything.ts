import type { ContentType } from '../../imageset/problem.ts';
import type { ProgressDisplay } from '../../mirror/progress-display.ts';
import type { ProgressEvent } from '../../mirror/progress-sink.ts';
import type { CollectedImage, LookedUp, MissingImage } from './collect-images.ts';
import type { CollectedCatalog } from './collect-operators.ts';
import { type ImageOutcome, copyImages, idOf } from './copy-images.ts';
import { failedLine, imageLines, presentLine } from './image-lines.ts';
import type { MirrorRun } from './mirror-to-mirror.ts';
import { type CatalogToCopy, catalogToCopy, originOf } from './publish-catalogs.ts';
import type { CategoryResult, ImageFailure } from './results.ts';

/** What became of all images of a run. */
export interface CopiedImages {
  readonly there: readonly CollectedImage[];
  readonly failures: readonly ImageFailure[];
  /** Images that the run was stopped before, as they are called. */
  readonly left: readonly string[];
  readonly results: readonly CategoryResult[];
}

/**
 * Copies the images, and then the catalogs that name them: which bundles a catalog may list is known only then. An
 * abort is no error: the result says what is left.
 */
export async function copyEverything(
  { images, missing }: LookedUp & { readonly kind: 'looked-up' },
  catalogs: readonly CollectedCatalog[],
  run: MirrorRun,
  signal: AbortSignal,
): Promise<CopiedImages> {
  for (const image of missing) run.log.error(failedLine(image));
  const users = usersBySource(catalogs);
  // Of a release nothing is copied that can never be complete.
  const isHopeless = missing.some(({ content }) => content === 'release');
  const outcomes = isHopeless ? leave(images) : await copyOrLeave(images, run, signal);
  const failures = [...missing.map(failureOf), ...outcomes.flatMap(failuresOf)].map((failure) => {
    const neededBy = users.get(failure.origin);
    return neededBy === undefined ? failure : { ...failure, neededBy };
  });
  const isCancelled = failures.some(({ content }) => content === 'release');
  const published =
    signal.aborted || isCancelled
      ? leaveCatalogs(catalogs)
      : await publishCatalogs(catalogs, reasonsOf(outcomes, missing), run, signal);
  const all = [...outcomes, ...published.outcomes];
  warn(all, run);
  const left = [...imagesOf(all, 'left').map(({ origin }) => origin), ...published.left];
  if (isCancelled && left.length > 0) {
    run.log.warn(`${left.length} images are left out, since a release image failed`);
  }
  return {
    there: imagesOf(all, 'there'),
    failures: [...failures, ...published.failures, ...published.outcomes.flatMap(failuresOf)],
    left,
    results: countResults(all, [
      ...missing,
      ...published.failures,
      ...published.left.map(() => ({ content: 'operator' as const })),
    ]),
  };
}

interface PublishedCatalogs {
  readonly outcomes: readonly ImageOutcome[];
  readonly failures: readonly ImageFailure[];
  readonly left: readonly string[];
}

async function publishCatalogs(
  catalogs: readonly CollectedCatalog[],
  reasonOf: (source: string) => string | undefined,
  run: MirrorRun,
  signal: AbortSignal,
): Promise<PublishedCatalogs> {
  const { destination, ends, log } = run;
  const options = { destination, catalogFolder: ends.catalogFolder, reasonOf };
  const built: (CatalogToCopy & { kind: 'built' })[] = [];
  const failures: ImageFailure[] = [];
  for (const catalog of catalogs) {
    const made = await catalogToCopy(catalog, options, signal);
    if (made.kind === 'built') {
      built.push(made);
      failures.push(...incomplete(made));
    } else {
      log.error(failedLine(made.failure));
      failures.push(made.failure);
    }
  }
  const images = built.map(({ image }) => image);
  return { outcomes: await copyOrLeave(images, run, signal), failures, left: [] };
}

function leaveCatalogs(catalogs: readonly CollectedCatalog[]): PublishedCatalogs {
  return { outcomes: [], failures: [], left: catalogs.map(originOf) };
}

/** A catalog that is there without something that it should have: the run has failed. */
function incomplete({ image, without }: CatalogToCopy & { kind: 'built' }): ImageFailure[] {
  return without.map((fault) => ({
    content: 'operator',
    origin: image.origin,
    reason: `skipping operator bundle ${fault.bundle}: ${fault.reason}`,
    neededBy: [fault],
  }));
}

/** Why an image is not there, by its source. */
function reasonsOf(
  outcomes: readonly ImageOutcome[],
  missing: readonly MissingImage[],
): (source: string) => string | undefined {
  const reasons = new Map(missing.map(({ origin, error }) => [origin, error.message]));
  for (const outcome of outcomes) {
    if (outcome.kind === 'there') continue;
    const reason = outcome.kind === 'failed' ? outcome.error.message : 'it was not copied';
    reasons.set(outcome.image.wanted.source, reason);
  }
  return (source) => reasons.get(source);
}

function usersBySource(
  catalogs: readonly CollectedCatalog[],
): ReadonlyMap<string, readonly { readonly package: string; readonly bundle: string }[]> {
  const users = new Map<string, { package: string; bundle: string }[]>();
  for (const { selected } of catalogs) {
    for (const { bundle, sources, ...rest } of selected.bundles) {
      const user = { package: rest.package, bundle };
      for (const source of sources) users.set(source, [...(users.get(source) ?? []), user]);
    }
  }
  return users;
}

async function copyOrLeave(
  images: readonly CollectedImage[],
  { ends, cwd, flags, log, terminal }: MirrorRun,
  signal: AbortSignal,
): Promise<ImageOutcome[]> {
  const { parallelImages, parallelLayers, imageTimeoutMs, removeSignatures } = flags;
  const parallelBlobs = parallelImages * parallelLayers;
  // On a terminal a display stands for the lines.
  using display = terminal === undefined ? undefined : await openDisplay(terminal);
  const lines = imageLines(images, display === undefined ? log : log.fileOnly);
  // The first release image that fails cancels the rest (spec, transfer-engine, 4.4).
  const stopping = new AbortController();
  const ofReleases = new Set(images.filter(({ content }) => content === 'release').map(idOf));
  const options = {
    ...{ ends, cwd, parallelImages, parallelBlobs, imageTimeoutMs },
    attachments: !removeSignatures,
    progress: {
      report(event: ProgressEvent) {
        lines.report(event);
        display?.report(event);
        if (event.kind === 'image-failed' && ofReleases.has(event.image)) stopping.abort();
      },
    },
    stopping: stopping.signal,
    onPresent: (image: CollectedImage) => {
      log.info(presentLine(image));
    },
  };
  try {
    return await copyImages(images, options, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    return leave(images);
  }
}

function leave(images: readonly CollectedImage[]): ImageOutcome[] {
  return images.map((image) => ({ kind: 'left', image }));
}

function warn(outcomes: readonly ImageOutcome[], { log }: MirrorRun): void {
  for (const outcome of outcomes) {
    if (outcome.kind !== 'there') continue;
    for (const warning of outcome.warnings) log.warn(`${outcome.image.origin}: ${warning}`);
  }
}

function imagesOf(outcomes: readonly ImageOutcome[], kind: ImageOutcome['kind']): CollectedImage[] {
  return outcomes.filter((outcome) => outcome.kind === kind).map(({ image }) => image);
}

const CONTENTS = ['release', 'operator', 'additional'] as const satisfies readonly ContentType[];

function countResults(
  outcomes: readonly ImageOutcome[],
  failed: readonly { readonly content: ContentType }[],
): CategoryResult[] {
  return CONTENTS.map((content) => {
    const own = outcomes.filter(({ image }) => image.content === content);
    const others = failed.filter((one) => one.content === content);
    const mirrored = own.filter(({ kind }) => kind === 'there').length;
    return { content, total: own.length + others.length, mirrored };
  });
}

function failureOf({ origin, content, error }: MissingImage): ImageFailure {
  const hint = error.hint === undefined ? '' : ` (${error.hint})`;
  return { content, origin, reason: `${error.message}${hint}` };
}

function failuresOf(outcome: ImageOutcome): ImageFailure[] {
  if (outcome.kind !== 'failed') return [];
  const { origin, content } = outcome.image;
  return [failureOf({ origin, content, error: outcome.error })];
}

/** Loaded for terminals alone: it takes a tenth of the time that the command needs to start. */
async function openDisplay(terminal: NodeJS.WriteStream): Promise<ProgressDisplay> {
  const { createProgressDisplay } = await import('../../mirror/progress-display.ts');
  return createProgressDisplay(terminal);
}
