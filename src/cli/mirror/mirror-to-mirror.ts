import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import { type Destination, formatDestination, parseDestination } from '../../oci/destination.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { createProgressDisplay } from '../../mirror/progress-display.ts';
import type { ProgressEvent } from '../../mirror/progress-sink.ts';
import type { Ends } from '../../reconcile/ends.ts';
import { type CollectedImage, type Collection, collectImages } from './collect-images.ts';
import { type ImageOutcome, copyImages } from './copy-images.ts';
import { failedLine, imageLines, presentLine } from './image-lines.ts';
import type { LoadedConfiguration } from './load-configuration.ts';
import type { MirrorLog } from './mirror-log.ts';
import type { MirrorFlags } from './mirror-options.ts';
import { type ImageFailure, exitCodeOf, reportFailures, resultLines } from './results.ts';
import type { Workspace } from './workspace.ts';
import { writePinned, writeResources } from './write-outputs.ts';

export interface MirrorRun {
  readonly configuration: LoadedConfiguration;
  readonly destination: Destination;
  readonly flags: MirrorFlags;
  readonly workspace: Workspace;
  readonly ends: Ends;
  readonly cwd: string;
  readonly log: MirrorLog;
  readonly now: () => Date;
  /** Where progress is shown; undefined: in lines of the log. */
  readonly terminal: NodeJS.WriteStream | undefined;
  /** Of the log files' names. */
  readonly stamp: string;
}

/** How a run ended. */
export interface MirrorEnd {
  readonly code: number;
  /** The command's last line; absent: success. */
  readonly error?: string;
}

/** Mirror to mirror, behind the check of the destination (spec, transfer-engine, 1.4 and 1.7). */
export async function mirrorToMirror(run: MirrorRun, signal: AbortSignal): Promise<MirrorEnd> {
  const { log, flags, ends, cwd, destination, configuration } = run;
  const parallelBlobs = flags.parallelImages * flags.parallelLayers;
  const options = { destination, ends, cwd, parallel: parallelBlobs, log };
  const collection = await collectImages(configuration, options, signal);
  if (collection.kind === 'failed') return collectionEnd(collection.problems);
  const { images, missing } = collection;
  const total = images.length + missing.length;
  if (total === 0) {
    log.info('❗ No images to mirror...');
    return { code: 1, error: 'no images to copy' };
  }

  log.info('🚀 Start copying the images...');
  log.info(`📌 images to copy ${total} `);
  for (const { origin } of missing) log.error(failedLine(origin));
  const outcomes = await copyOrLeave(images, run, parallelBlobs, signal);
  for (const outcome of outcomes) {
    if (outcome.kind !== 'there') continue;
    for (const warning of outcome.warnings) log.warn(`${outcome.image.origin}: ${warning}`);
  }
  const there = outcomes.filter(({ kind }) => kind === 'there').map(({ image }) => image);
  const lines = resultLines([{ content: 'additional', total, mirrored: there.length }]);
  for (const line of lines) log.info(line);

  const failures = [...missing.map(failureOf), ...outcomes.flatMap(failuresOf)];
  const error = failures.length === 0 ? undefined : await reportFailures(failures, run);
  if (signal.aborted) return stoppedEnd(outcomes, signal);
  await writeEverything(configuration.documents, there, run);
  if (error === undefined) return { code: 0 };
  return { code: exitCodeOf(failures.map(({ content }) => content)), error };
}

/** @throws ControllerError USAGE, whatever the registry answers, ABORTED. */
export async function checkDestination(
  text: string,
  {
    ends,
    log,
    maxNestedPaths,
  }: { readonly ends: Ends; readonly log: MirrorLog; readonly maxNestedPaths: number },
  signal: AbortSignal,
): Promise<Destination> {
  const shown = text.replace(/^docker:\/\//, '');
  try {
    const destination = parseDestination(text, maxNestedPaths);
    await ends.writing.checkAccess(destination, signal);
    log.info(`Verified we can authenticate against registry "${formatDestination(destination)}"`);
    return destination;
  } catch (error) {
    if (!(error instanceof ControllerError) || signal.aborted) throw error;
    const { code, remedy, hint, message } = error;
    throw new ControllerError(code, `checking registry "${shown}" access: ${message}`, {
      remedy,
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}

async function copyOrLeave(
  images: readonly CollectedImage[],
  { ends, cwd, flags, log, terminal }: MirrorRun,
  parallelBlobs: number,
  signal: AbortSignal,
): Promise<ImageOutcome[]> {
  const { parallelImages, imageTimeoutMs, removeSignatures } = flags;
  // On a terminal a display stands for the lines.
  using display = terminal === undefined ? undefined : createProgressDisplay(terminal);
  const lines = imageLines(images, display === undefined ? log : log.fileOnly);
  const options = {
    ...{ ends, cwd, parallelImages, parallelBlobs, imageTimeoutMs },
    attachments: !removeSignatures,
    progress: {
      report(event: ProgressEvent) {
        lines.report(event);
        display?.report(event);
      },
    },
    onPresent: (image: CollectedImage) => {
      log.info(presentLine(image));
    },
  };
  try {
    return await copyImages(images, options, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    return images.map((image) => ({ kind: 'left', image }));
  }
}

async function writeEverything(
  documents: readonly ImageSetDocument[],
  there: readonly CollectedImage[],
  run: MirrorRun,
): Promise<void> {
  const { workspace, log, flags } = run;
  await writePinned(documents, { workspace, log, now: run.now() });
  const nested = flags.maxNestedPaths > 0;
  await writeResources(
    there.map(({ wanted }) => wanted),
    { workspace, log, nested },
  );
}

function collectionEnd(problems: (Collection & { kind: 'failed' })['problems']): MirrorEnd {
  const text = problems.map(({ message }) => message).join('\n');
  return {
    code: exitCodeOf(problems.map(({ content }) => content)),
    error: `collection error: ${text}`,
  };
}

/** The exit code of a command that was stopped is the caller's, who knows the signal. */
function stoppedEnd(outcomes: readonly ImageOutcome[], signal: AbortSignal): MirrorEnd {
  const left = outcomes.filter(({ kind }) => kind === 'left').map(({ image }) => image.origin);
  const reason = signal.reason instanceof Error ? signal.reason.message : 'stopped';
  const list = left.map((origin) => `\n\t * ${origin}`).join('');
  const what = `${reason}, ${left.length} ${left.length === 1 ? 'image is' : 'images are'} left`;
  return { code: 1, error: left.length === 0 ? what : `${what}:${list}` };
}

function failureOf({
  origin,
  error,
}: {
  readonly origin: string;
  readonly error: ControllerError;
}): ImageFailure {
  const hint = error.hint === undefined ? '' : ` (${error.hint})`;
  return { content: 'additional', origin, reason: `${error.message}${hint}` };
}

function failuresOf(outcome: ImageOutcome): ImageFailure[] {
  if (outcome.kind !== 'failed') return [];
  return [failureOf({ origin: outcome.image.origin, error: outcome.error })];
}
