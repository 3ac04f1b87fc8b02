import { ControllerError } from '../../base/controller-error.ts';
import { type Destination, formatDestination, parseDestination } from '../../oci/destination.ts';
import type { Ends } from '../../reconcile/ends.ts';
import {
  type Collection,
  type CollectionFailure,
  collectImages,
  lookUpImages,
} from './collect-images.ts';
import { type CopiedImages, copyEverything } from './copy-everything.ts';
import type { LoadedConfiguration } from './load-configuration.ts';
import type { MirrorLog } from './mirror-log.ts';
import type { MirrorFlags } from './mirror-options.ts';
import type { MirrorReleases } from './open-mirror-releases.ts';
import { exitCodeOf, reportFailures, resultLines } from './results.ts';
import type { Workspace } from './workspace.ts';
import { writeMapping } from './write-mapping.ts';
import { writePinned, writeResources } from './write-outputs.ts';

export interface MirrorRun {
  readonly configuration: LoadedConfiguration;
  readonly destination: Destination;
  readonly flags: MirrorFlags;
  readonly workspace: Workspace;
  readonly ends: Ends;
  /** Undefined: the configuration wants none. */
  readonly releases: MirrorReleases | undefined;
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
  const { log, flags, ends, cwd, destination, configuration, workspace } = run;
  const parallel = flags.parallelImages * flags.parallelLayers;
  const options = {
    ...{ destination, ends, releases: run.releases, cwd, parallel, log, workspace },
    dryRun: flags.dryRun,
    ignoreSignatures: flags.ignoreReleaseSignature,
  };
  const collection = await collectImages(configuration, options, signal);
  if (collection.kind === 'failed') return collectionEnd(collection.problems);
  const { requests, releases, catalogs } = collection;
  const total = requests.length + (releases.graph === undefined ? 0 : 1) + catalogs.length;
  if (total === 0) {
    log.info('❗ No images to mirror...');
    return { code: 1, error: 'no images to copy' };
  }
  if (flags.dryRun) {
    await writeMapping(collection, { workspace, log, destination, cachePort: flags.port });
    return { code: 0 };
  }
  const lookedUp = await lookUpImages(collection, options, signal);
  if (lookedUp.kind === 'failed') return collectionEnd(lookedUp.problems);

  log.info('🚀 Start copying the images...');
  log.info(`📌 images to copy ${total} `);
  const copied = await copyEverything(lookedUp, catalogs, run, signal);
  for (const line of resultLines(copied.results)) log.info(line);
  const { failures } = copied;
  const error = failures.length === 0 ? undefined : await reportFailures(failures, run);
  if (signal.aborted) return stoppedEnd(copied.left, signal);
  await writeEverything(collection, copied, run);
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

async function writeEverything(
  { catalogs, releases }: Collection & { readonly kind: 'collected' },
  { there }: Pick<CopiedImages, 'there'>,
  run: MirrorRun,
): Promise<void> {
  const { workspace, log, flags, configuration } = run;
  await writePinned(configuration.documents, catalogs, { workspace, log, now: run.now() });
  const nested = flags.maxNestedPaths > 0;
  await writeResources(there, {
    workspace,
    log,
    nested,
    cwd: run.cwd,
    destination: run.destination,
    releases: releases.releases,
  });
}

function collectionEnd(problems: CollectionFailure['problems']): MirrorEnd {
  const text = problems.map(({ message }) => message).join('\n');
  return {
    code: exitCodeOf(problems.map(({ content }) => content)),
    error: `collection error: ${text}`,
  };
}

/** The exit code of a command that was stopped is the caller's, who knows the signal. */
function stoppedEnd(left: readonly string[], signal: AbortSignal): MirrorEnd {
  const reason = signal.reason instanceof Error ? signal.reason.message : 'stopped';
  const list = left.map((origin) => `\n\t * ${origin}`).join('');
  const what = `${reason}, ${left.length} ${left.length === 1 ? 'image is' : 'images are'} left`;
  return { code: 1, error: left.length === 0 ? what : `${what}:${list}` };
}
