import { compareText } from '../../base/compare-text.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { type FieldProblem, compareProblems, formatProblem } from '../../base/field-problem.ts';
import { forEachConcurrently } from '../../base/for-each-concurrently.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import { type Destination, formatPlace } from '../../oci/destination.ts';
import { formatReference } from '../../oci/reference.ts';
import type { PayloadContent } from '../../release/payload/payload-content.ts';
import { choosePayloads } from './choose-payloads.ts';
import {
  type ChosenPayload,
  channelsOf,
  entriesOf,
  keyOfChosen,
  wantedText,
} from './chosen-payload.ts';
import type { FoundRelease, FoundReleases } from './found-release.ts';
import { type IdentifiedPayload, identifyPayload } from './identify-payload.ts';
import { bootImagesFor, releaseImages } from './release-images.ts';
import type { PlatformRequest } from './release-request.ts';
import type { ReleaseTools } from './release-tools.ts';

/** A payload, and all who chose it. */
interface Wanted {
  readonly payload: IdentifiedPayload;
  readonly chosen: readonly ChosenPayload[];
}

/**
 * Finds the releases that documents ask for: channels to versions, to payloads with a good signature, to the images that
 * these name (spec, releases-helm, 1 to 3). What fails fails alone: a channel, or a release for the entries that chose
 * it. Nothing is said of a release of which anything is unknown.
 */
export async function findReleases(
  requests: readonly PlatformRequest[],
  tools: ReleaseTools,
  destination: Destination,
  signal: AbortSignal,
): Promise<FoundReleases> {
  const { chosen, failures, warnings } = await choosePayloads(requests, tools, signal);
  const books = {
    releases: [] as FoundRelease[],
    failures: [...failures],
    warnings: [...requests.flatMap((request) => request.warnings), ...warnings],
  };
  const identified = await identifyAll(chosen, tools, books.failures, signal);
  const wanted = byPayload(identified).flatMap((one) => withoutBlocked(one, books.warnings));
  const contents = await readAll(wanted, tools, books.failures, signal);
  for (const [one, content] of contents) addRelease(one, content, destination, books);
  return {
    releases: books.releases.sort((a, b) =>
      compareText(formatPlace(a.place), formatPlace(b.place)),
    ),
    failures: books.failures.sort(compareFailures),
    warnings: eachOnce(books.warnings).sort(compareProblems),
    graph: requests.flatMap(({ graph }) => (graph === undefined ? [] : [graph])),
  };
}

async function identifyAll(
  chosen: readonly ChosenPayload[],
  tools: ReleaseTools,
  failures: EntryFailure[],
  signal: AbortSignal,
): Promise<Wanted[]> {
  const groups = [...Map.groupBy(chosen, keyOfChosen).values()];
  const found = new Map<readonly ChosenPayload[], IdentifiedPayload>();
  const limits = { limit: tools.parallel, signal };
  await forEachConcurrently(groups, limits, async (group, one) => {
    const [first] = group;
    if (first === undefined) return;
    await orFail(group, failures, one, async () => {
      found.set(group, await identifyPayload(first, tools, one));
    });
  });
  return groups.flatMap((group) => {
    const payload = found.get(group);
    return payload === undefined ? [] : [{ payload, chosen: group }];
  });
}

/** One payload that is named in several ways is one release; under two names it is two. */
function byPayload(identified: readonly Wanted[]): Wanted[] {
  const groups = Map.groupBy(
    identified,
    ({ payload: { release, digest, source } }) => `${release} ${digest} ${formatReference(source)}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [{ payload: first.payload, chosen: group.flatMap((one) => one.chosen) }];
  });
}

/** For a document that blocks the payload itself the release is not there: its components alone are good for nothing. */
function withoutBlocked({ payload, chosen }: Wanted, warnings: FieldProblem[]): Wanted[] {
  const name = formatReference(payload.source);
  const allowed = chosen.filter(({ request }) => {
    const blocking = request.blockedBy(name);
    if (blocking === undefined) return true;
    const message = `"${blocking.pattern}" blocks the release ${name}, which is left out`;
    const field = `${request.entry.field.split('.')[0] ?? ''}.blockedImages`;
    warnings.push({ position: blocking.position, field, message });
    return false;
  });
  return allowed.length === 0 ? [] : [{ payload, chosen: allowed }];
}

async function readAll(
  wanted: readonly Wanted[],
  tools: ReleaseTools,
  failures: EntryFailure[],
  signal: AbortSignal,
): Promise<Map<Wanted, PayloadContent>> {
  const contents = new Map<Wanted, PayloadContent>();
  await forEachConcurrently(wanted, { limit: tools.parallel, signal }, async (each, one) => {
    const { source, digest } = each.payload;
    await orFail(each.chosen, failures, one, async () => {
      contents.set(each, await tools.readPayload(source, digest, one));
    });
  });
  return contents;
}

interface Books {
  readonly releases: FoundRelease[];
  readonly failures: EntryFailure[];
  readonly warnings: FieldProblem[];
}

function addRelease(
  { payload, chosen }: Wanted,
  content: PayloadContent,
  destination: Destination,
  { releases, failures, warnings }: Books,
): void {
  const complete = chosen.filter((one) => bootImagesFor(content, one) !== undefined);
  const incomplete = chosen.filter((one) => !complete.includes(one));
  if (incomplete.length > 0) failures.push(failureOf(incomplete, noBootImage(payload, content)));
  if (complete.length === 0) return;
  try {
    const images = releaseImages(payload, content, complete, destination);
    const { release, digest, signature } = payload;
    releases.push({
      ...images,
      release,
      payload: digest,
      channels: channelsOf(complete),
      ...(signature === undefined ? {} : { signature }),
      entries: entriesOf(complete),
    });
  } catch (error) {
    if (!(error instanceof ControllerError)) throw error;
    failures.push(failureOf(complete, error));
    return;
  }
  const [entry] = entriesOf(complete);
  if (payload.signature === undefined && entry !== undefined) {
    const message = `the release ${payload.release} (${payload.digest}) is taken without a signature`;
    warnings.push({ ...entry, message });
  }
}

/** Work for a release that may fail alone. */
async function orFail(
  chosen: readonly ChosenPayload[],
  failures: EntryFailure[],
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ControllerError) || signal.aborted) throw error;
    failures.push(failureOf(chosen, error));
  }
}

function failureOf(chosen: readonly ChosenPayload[], error: ControllerError): EntryFailure {
  return { entries: entriesOf(chosen), wanted: wantedText(chosen), error };
}

function noBootImage(
  { source, release }: IdentifiedPayload,
  { bootImagesFault: fault }: PayloadContent,
): ControllerError {
  const name = `${formatReference(source)} (${release})`;
  const why =
    fault === undefined
      ? `${name} names none of those that are asked for`
      : `the list of ${name} cannot be read: ${fault}`;
  return new ControllerError(
    'PAYLOAD_INVALID',
    `could not find kubevirt image in this release: ${why}`,
    { remedy: 'wait-for-change', hint: 'Take kubeVirtContainer out, or choose other releases.' },
  );
}

function compareFailures(a: EntryFailure, b: EntryFailure): number {
  const [first] = a.entries;
  const [second] = b.entries;
  const byEntry =
    first === undefined || second === undefined
      ? 0
      : compareProblems({ ...first, message: '' }, { ...second, message: '' });
  return byEntry || compareText(a.wanted, b.wanted);
}

function eachOnce(warnings: readonly FieldProblem[]): FieldProblem[] {
  return [...new Map(warnings.map((warning) => [formatProblem(warning), warning])).values()];
}
