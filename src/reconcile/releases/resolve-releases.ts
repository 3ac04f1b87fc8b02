import { ControllerError } from '../../base/controller-error.ts';
import { type FieldProblem, compareProblems } from '../../base/field-problem.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { Lock } from '../../lock/lock.ts';
import type { WantedImage, WantingEntry } from '../../lock/wanted-image.ts';
import type { WantedRelease } from '../../lock/wanted-release.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ImageSource } from '../../oci/ends.ts';
import { findReleases } from '../../resolve/releases/find-releases.ts';
import type { FoundRelease } from '../../resolve/releases/found-release.ts';
import { platformRequests } from '../../resolve/releases/release-requests.ts';
import type { PlatformRequest } from '../../resolve/releases/release-request.ts';
import type { ReleaseTools } from '../../resolve/releases/release-tools.ts';
import { type ResolveDependencies, resolveImages } from '../../resolve/resolve-images.ts';
import { sourceOf } from '../ends.ts';
import type { PassContext } from '../pass-context.ts';
import { unchangedFiles } from '../unchanged-files.ts';
import { type KnownGraphs, knownGraphs } from './known-graphs.ts';
import { lockedReleases } from './locked-releases.ts';
import { publishedSignatures } from './published-signatures.ts';
import { resolveGraphImage } from './resolve-graph-image.ts';

/** The releases that the files of a mirror want, with all images that belong to them. */
export interface ResolvedReleases {
  readonly wanted: readonly WantedImage[];
  /** One of a place may be there several times, for each file that wants it. */
  readonly releases: readonly WantedRelease[];
  readonly failures: readonly EntryFailure[];
  /** Sorted. */
  readonly warnings: readonly FieldProblem[];
  /** Of the releases that are wanted, and of those of the lock, the bytes by their digest; new ones were verified in this pass. */
  readonly signatures: ReadonlyMap<Digest, Uint8Array>;
  /** Where images that were built are copied from, by digest. */
  readonly built: ReadonlyMap<Digest, ImageSource>;
}

interface Books {
  readonly wanted: WantedImage[];
  readonly releases: WantedRelease[];
  readonly failures: EntryFailure[];
  readonly warnings: FieldProblem[];
  readonly signatures: Map<Digest, Uint8Array>;
  readonly built: Map<Digest, ImageSource>;
}

/**
 * Resolves `platform` of the files (design.md, section 5, step 3). What the lock has as an unchanged file wants it is taken
 * from the lock, without a request; an entry that cannot be resolved fails alone.
 */
export async function resolveReleases(
  context: PassContext,
  lock: Lock | undefined,
  known: ResolveDependencies,
  signal: AbortSignal,
): Promise<ResolvedReleases> {
  const documents = context.files.documents.filter(({ kind }) => kind === 'mirror');
  const requests = platformRequests(documents);
  const { good, unverified } = await publishedSignatures(context, lock, signal);
  const books: Books = {
    ...{ wanted: [], releases: [], failures: [], warnings: [] },
    // What cannot be verified today stays published as it is: the last good state is in force.
    ...{ signatures: new Map([...unverified, ...good]), built: new Map() },
  };
  const isUnchanged = lock === undefined ? () => false : unchangedFiles(context.files, lock);
  const open: PlatformRequest[] = [];
  for (const request of requests) {
    const isKept = !context.isResync && isUnchanged(request.entry.position.path);
    const locked = isKept
      ? lockedReleases(request, lock, context.mirror.destination, good)
      : undefined;
    if (locked === undefined) open.push(request);
    books.wanted.push(...(locked?.wanted ?? []));
    books.releases.push(...(locked?.releases ?? []));
  }
  if (open.length > 0) await resolveOpen(context, lock, open, known, books, signal);
  const graph = requests.flatMap((request) => (request.graph === undefined ? [] : [request.graph]));
  if (graph.length > 0) await addGraphImage(context, lock, graph, known, books, signal);
  if (open.length > 0 || books.built.size > 0) await context.releases.tidy(signal);
  return { ...books, warnings: books.warnings.sort(compareProblems) };
}

async function resolveOpen(
  context: PassContext,
  lock: Lock | undefined,
  requests: readonly PlatformRequest[],
  known: ResolveDependencies,
  books: Books,
  signal: AbortSignal,
): Promise<void> {
  const { destination } = context.mirror;
  const graphs = knownGraphs(context.releases, lock, requests, context.isResync);
  const tools = releaseTools(context, graphs, known);
  const found = await findReleases(requests, tools, destination, signal);
  books.failures.push(...found.failures);
  books.warnings.push(...found.warnings, ...graphs.warnings());
  for (const release of found.releases) await addRelease(release, known, books, signal);
}

function releaseTools(
  { ends, releases, mirror, transfer }: PassContext,
  graphs: KnownGraphs,
  { lookUpDigest }: ResolveDependencies,
): ReleaseTools {
  return {
    graphs,
    signatures: releases.signatures,
    readPayload: (reference, digest, signal) =>
      releases.readPayload(sourceOf(ends, reference, mirror.ociRoot), digest, signal),
    lookUpDigest,
    mayBeUnsigned: (digest) => releases.unsigned.has(digest),
    parallel: transfer.parallelImages,
  };
}

async function addRelease(
  { signature, requests, ...release }: FoundRelease,
  known: ResolveDependencies,
  books: Books,
  signal: AbortSignal,
): Promise<void> {
  const { wanted, failures } = await resolveImages(requests, known, signal);
  books.failures.push(...failures);
  // A release without one of its images is not published: its components come all the same, for the next pass.
  const isWhole = failures.length === 0;
  books.wanted.push(...(isWhole ? wanted : wanted.filter(({ kind }) => kind !== 'release')));
  if (!isWhole) return;
  if (signature !== undefined) books.signatures.set(signature.digest, signature.bytes);
  books.releases.push({ ...release, ...(signature && { signature: signature.digest }) });
}

async function addGraphImage(
  context: PassContext,
  lock: Lock | undefined,
  entries: readonly WantingEntry[],
  known: ResolveDependencies,
  books: Books,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { wanted, built } = await resolveGraphImage(context, lock, entries, known, signal);
    books.wanted.push(wanted);
    if (built !== undefined) books.built.set(built.digest, built.image);
  } catch (error) {
    if (!(error instanceof ControllerError) || signal.aborted) throw error;
    books.failures.push({ entries, wanted: 'the graph image', error });
  }
}
