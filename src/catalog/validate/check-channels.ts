import type { CatalogChannel, CatalogPackage, ChannelEntry } from '../catalog-package.ts';
import { type ChannelHead, findChannelHead } from './channel-head.ts';
import { duplicatesOf } from './duplicates.ts';
import { listNames } from './name-list.ts';
import { parseOlmRange } from './olm-range.ts';

/** The channels of a package: V3 to V5, V11 to V16. */
export function* checkChannels({ name, channels, bundles }: CatalogPackage): Generator<string> {
  for (const duplicate of duplicatesOf(channels.map((channel) => channel.name))) {
    yield `package "${name}": there are several channels "${duplicate}"; keep one`;
  }
  const bundleNames = new Set(bundles.map((bundle) => bundle.name));
  for (const channel of channels) {
    const where = `package "${name}", channel "${channel.name}"`;
    for (const problem of checkChannel(channel, bundleNames)) yield `${where}: ${problem}`;
  }
}

function* checkChannel(
  { name, entries }: CatalogChannel,
  bundleNames: ReadonlySet<string>,
): Generator<string> {
  if (name === '') yield 'the name is empty; give it one';
  if (entries.length === 0) {
    yield 'channel must contain at least one bundle; add an entry, or take the channel out';
    return;
  }
  for (const duplicate of duplicatesOf(entries.map((entry) => entry.name))) {
    yield `there are several entries "${duplicate}"; keep one`;
  }
  const missing = entries.map((entry) => entry.name).filter((entry) => !bundleNames.has(entry));
  if (missing.length > 0) {
    yield `${listNames(missing)}: no bundle of the package has that name; add the bundle, or take the entry out`;
  }
  for (const entry of entries) yield* checkEntry(entry);
  yield* checkGraph(entries, findChannelHead(entries));
}

function* checkEntry({ name, skips = [], skipRange = '' }: ChannelEntry): Generator<string> {
  if (skips.includes('')) yield `entry "${name}" skips an empty name; take that out`;
  if (skipRange !== '' && parseOlmRange(skipRange) === undefined) {
    yield `the skipRange "${skipRange.slice(0, 200)}" of "${name}" is no version range; write it like ">=1.0.0 <1.2.0"`;
  }
}

/** V12 to V15: one head, from which `replaces` reaches all that no entry skips. */
function* checkGraph(entries: readonly ChannelEntry[], head: ChannelHead): Generator<string> {
  if (head.kind === 'none') {
    yield `${head.reason}; each entry but one has to be replaced or skipped by another`;
    return;
  }
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const skipped = new Set(entries.flatMap(({ skips = [] }) => skips));
  const reached = new Set<string>();
  // A skipped entry is an allowed dead end: the walk stops before it.
  for (let name = head.name; name !== '';) {
    if (reached.has(name)) {
      yield `there is a cycle in what "${name}" replaces; take one replaces of it out`;
      return;
    }
    reached.add(name);
    const next = byName.get(name)?.replaces ?? '';
    name = skipped.has(next) ? '' : next;
  }
  const stranded = [...byName.keys()].filter((name) => !reached.has(name) && !skipped.has(name));
  if (stranded.length > 0) {
    yield `${listNames(stranded)}: stranded, no chain of replaces leads there from the head "${head.name}"; replace or skip what is stranded`;
  }
}
