import { compareText } from '../../base/compare-text.ts';
import { formatPosition } from '../../base/entry-position.ts';
import type { WantingEntry } from '../../lock/wanted-image.ts';
import type { ReleaseType } from '../../release/graph/update-graph.ts';
import type { PlatformRequest } from './release-request.ts';

/** A payload that one document wants, before anything but its name is known. */
export type ChosenPayload = ChannelPayload | PinnedPayload;

interface ChosenBy {
  readonly request: PlatformRequest;
  /** The reference, as the graph or the document writes it. */
  readonly payload: string;
  readonly entries: readonly WantingEntry[];
}

export interface ChannelPayload extends ChosenBy {
  readonly kind: 'channel';
  readonly type: ReleaseType;
  readonly version: string;
  /** In Go's naming, or `multi`. */
  readonly architecture: string;
  /** Of the document, those that chose it. */
  readonly channels: readonly string[];
}

export interface PinnedPayload extends ChosenBy {
  readonly kind: 'pinned';
}

/** Those with one key are one release: they are looked up once. */
export function keyOfChosen(chosen: ChosenPayload): string {
  if (chosen.kind === 'pinned') return `pinned ${chosen.payload}`;
  return `${chosen.type} ${chosen.version} ${chosen.architecture} ${chosen.payload}`;
}

/** What was asked for, in the words of who asks. */
export function wantedText(chosen: readonly ChosenPayload[]): string {
  const [first] = chosen;
  if (first?.kind !== 'channel') return first?.payload ?? '';
  const ofArchitecture = onArchitecture(first.architecture);
  return `${channelsOf(chosen).join(', ')} ${first.version}${ofArchitecture}`;
}

/** ` (arm64)`; nothing for what is meant where nothing is said. */
export function onArchitecture(architecture: string): string {
  return architecture === 'amd64' ? '' : ` (${architecture})`;
}

/** Sorted, each once. */
export function channelsOf(chosen: readonly ChosenPayload[]): string[] {
  const names = chosen.flatMap((one) => (one.kind === 'channel' ? one.channels : []));
  return [...new Set(names)].sort(compareText);
}

/** Each once, in the order people read in. */
export function entriesOf(
  chosen: readonly { readonly entries: readonly WantingEntry[] }[],
): WantingEntry[] {
  const byPlace = new Map(
    chosen
      .flatMap(({ entries }) => entries)
      .map((entry) => [`${formatPosition(entry.position)} ${entry.field}`, entry]),
  );
  return [...byPlace.values()].sort(
    ({ position: a, field }, { position: b, field: other }) =>
      compareText(a.path, b.path) ||
      a.line - b.line ||
      a.column - b.column ||
      compareText(field, other),
  );
}
