import { type FieldProblem } from '../../base/field-problem.ts';
import { ControllerError } from '../../base/controller-error.ts';
import { forEachConcurrently } from '../../base/for-each-concurrently.ts';
import type { EntryFailure } from '../../lock/entry-failure.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import type { ReleaseSelection } from '../../release/graph/release-selection.ts';
import { selectReleases } from '../../release/graph/select-releases.ts';
import { type ChosenPayload, entriesOf, onArchitecture } from './chosen-payload.ts';
import type { PlatformRequest } from './release-request.ts';
import type { ReleaseTools } from './release-tools.ts';

/** What documents chose, and channels that choose nothing. */
export interface ChosenPayloads {
  readonly chosen: readonly ChosenPayload[];
  readonly failures: readonly EntryFailure[];
  readonly warnings: readonly FieldProblem[];
}

/**
 * Asks the update graphs which releases the channels of each document choose. Each architecture has its own bounds
 * (spec, releases-helm, 1.5 to 1.8); a channel that chooses nothing on one of them fails alone.
 */
export async function choosePayloads(
  requests: readonly PlatformRequest[],
  tools: Pick<ReleaseTools, 'graphs' | 'parallel'>,
  signal: AbortSignal,
): Promise<ChosenPayloads> {
  const passes = requests.flatMap((request) =>
    request.channels.length === 0
      ? []
      : request.architectures.map((architecture) => ({ request, architecture })),
  );
  const selections = new Map<(typeof passes)[number], ReleaseSelection>();
  await forEachConcurrently(passes, { limit: tools.parallel, signal }, async (pass, one) => {
    const { request, architecture } = pass;
    const selection = await selectReleases(request.channels, ({ name, type }) =>
      tools.graphs.read({ type, architecture, channel: name }, one),
    );
    one.throwIfAborted();
    selections.set(pass, selection);
  });

  const chosen = requests.flatMap(pinned);
  const failures: EntryFailure[] = [];
  const warnings: FieldProblem[] = [];
  for (const pass of passes) {
    const selection = selections.get(pass);
    if (selection === undefined) continue;
    const { request, architecture } = pass;
    for (const { channels, error } of selection.failures) {
      const wanted = `${channels.join(', ')}${onArchitecture(architecture)}`;
      const named = onlyOn(architecture, channels, error);
      failures.push({ entries: entriesNamed(request, channels), wanted, error: named });
    }
    for (const { channels, message, hint } of selection.warnings) {
      const [entry = request.entry] = entriesNamed(request, channels);
      warnings.push({ ...entry, message, ...(hint === undefined ? {} : { hint }) });
    }
    for (const { version, payload, type, channels } of selection.releases) {
      const entries = entriesNamed(request, channels);
      const which = { type, version, architecture, channels };
      chosen.push({ kind: 'channel', request, payload, entries, ...which });
    }
  }
  return { chosen, failures, warnings };
}

/** Each architecture has a graph of its own, of which a selection knows nothing: its messages begin with the channel. */
function onlyOn(
  architecture: string,
  [channel]: readonly string[],
  error: ControllerError,
): ControllerError {
  const where = onArchitecture(architecture);
  if (where === '' || channel === undefined || error.code !== 'RELEASE_SELECTION') return error;
  if (!error.message.startsWith(channel)) return error;
  const { code, remedy, hint, message } = error;
  return new ControllerError(code, `${channel}${where}${message.slice(channel.length)}`, {
    ...{ remedy, cause: error },
    ...(hint === undefined ? {} : { hint }),
  });
}

function pinned(request: PlatformRequest): ChosenPayload[] {
  if (request.pinned === undefined) return [];
  const { name, entry } = request.pinned;
  return [{ kind: 'pinned', request, payload: name, entries: [entry] }];
}

function entriesNamed(request: PlatformRequest, channels: readonly string[]): WantingEntry[] {
  return entriesOf(
    request.channels
      .filter(({ name }) => channels.includes(name))
      .map(({ entry }) => ({ entries: [entry] })),
  );
}
