import { formatBytes } from '../base/format-bytes.ts';
import type { LockedRelease } from '../lock/lock.ts';
import { askedBy, entryAt, uniqueEntries } from './entry-phrase.ts';
import { type Phrase, counted, listed, phrase } from './phrase.ts';
import type { PlanItem } from './plan-group.ts';
import type { ReleaseChange } from './release-change.ts';

/** Channels and places on one line; the others are counted. */
const SHOWN = 8;

/** How many releases a plan changes; nothing where there are none. */
export function releaseFacts(changes: readonly ReleaseChange[]): Phrase[] {
  if (changes.length === 0) return [];
  const count = (...kinds: ReleaseChange['change'][]): number =>
    changes.filter(({ change }) => kinds.includes(change)).length;
  const counts = counted([
    [count('new'), 'new'],
    [count('updated'), 'updated'],
    [count('incomplete'), 'incomplete'],
    [count('stays'), 'kept'],
    [count('gone'), 'gone'],
    [count('returned'), 'back'],
    [count('orphaned', 'orphan', 'superseded'), 'orphaned'],
    [count('unchanged'), 'unchanged'],
  ]);
  const unsigned = changes.filter((change) => isUnsigned(change)).length;
  return [[`releases: ${counts}${unsigned === 0 ? '' : `; ${unsigned} of them unsigned`}`]];
}

/** The releases that a plan changes, with what is odd of them below; then those that nobody wants. */
export function releaseItems(changes: readonly ReleaseChange[]): PlanItem[] {
  const isOrphan = ({ change }: ReleaseChange): boolean => Object.hasOwn(ORPHANS, change);
  const changed = changes.filter((one) => one.change !== 'unchanged' && !isOrphan(one));
  return [...changed, ...changes.filter(isOrphan)].map((change) => {
    const below = detailsOf(change);
    return { ...releaseItem(change), ...(below.length === 0 ? {} : { below }) };
  });
}

function releaseItem(release: ReleaseChange): PlanItem {
  const { change, images } = release;
  const name = phrase`${release.release}${inChannels((release.line ?? release.previous)?.channels)}`;
  const all = `${images.total} ${images.total === 1 ? 'image' : 'images'}`;
  switch (change) {
    case 'new':
      return { sign: '+', line: phrase`${name}: ${[newCounts(release, all)]}${wantedBy(release)}` };
    case 'updated':
      return { sign: '~', line: phrase`${name}: ${[newCounts(release, all)]}${wantedBy(release)}` };
    case 'incomplete':
      return {
        sign: '!',
        line: phrase`${name}: its payload is not copied, since ${release.missing.length} of ${[all]} cannot be had${wantedBy(release)}`,
      };
    case 'unchanged':
    case 'stays':
      return { sign: '!', line: phrase`${name} stays as it is: an entry that wants it fails` };
    case 'gone': {
      const some = images.gone === images.total ? all : `${images.gone} of ${all}`;
      const by = release.askedBy;
      const asked = by === undefined ? [] : phrase`, ${askedBy(by.reason, by.entry)}`;
      const goes = images.gone === 1 ? 'goes' : 'go';
      return { sign: '-', line: phrase`${name}: ${[some]} ${[goes]}${asked}` };
    }
    case 'returned':
      return {
        sign: '+',
        line: phrase`${name}: its delete is no longer asked for; what is still there of ${[all]} comes back`,
      };
    case 'orphaned':
    case 'orphan':
    case 'superseded':
      return {
        sign: '?',
        line: phrase`${name}: ${[ORPHANS[change]]}; ${[all]} ${[images.total === 1 ? 'stays until it is deleted' : 'stay until they are deleted']}`,
      };
    default:
      return change satisfies never;
  }
}

const ORPHANS = {
  orphaned: 'nobody wants it from this plan on',
  orphan: 'nobody wants it, as before',
  superseded: 'replaced by a newer version without a change of files',
} as const;

/** How much of it moves: most releases share most of their images with others. */
function newCounts({ images, bytesToMove }: ReleaseChange, all: string): string {
  const { added, updated, fresh, total } = images;
  const places =
    added === total
      ? []
      : [
          ...(added === 0 ? [] : [`${added} to add`]),
          ...(updated === 0 ? [] : [`${updated} to update`]),
        ];
  return [all, ...places, `${fresh} new`, `${formatBytes(bytesToMove)} to move`].join(', ');
}

function detailsOf(release: ReleaseChange): PlanItem[] {
  const { line, previous, missing } = release;
  const items: PlanItem[] = [];
  if (line !== undefined && previous !== undefined) items.push(...differences(line, previous));
  if (missing.length > 0) {
    items.push({ sign: '!', line: phrase`missing: ${namesOf(missing)}` });
  }
  if (line !== undefined && isUnsigned(release)) {
    items.push({ sign: '!', line: ['signature: none (releases.unsigned)'] });
  }
  return items;
}

/** What of a release is another than before, its images aside. */
function differences(line: LockedRelease, previous: LockedRelease): PlanItem[] {
  const items: PlanItem[] = [];
  if (line.payload !== previous.payload) {
    items.push({ sign: '~', line: phrase`payload ${previous.payload} -> ${line.payload}` });
  }
  if (!isSame(line.channels, previous.channels)) {
    const [from, to] = [namesOf(previous.channels), namesOf(line.channels)];
    items.push({ sign: '~', line: phrase`channels ${from} -> ${to}` });
  }
  const [was, is] = [previous.signature ?? 'none', line.signature];
  if (is !== undefined && is !== was) {
    items.push({ sign: '~', line: phrase`signature ${was} -> ${is}` });
  }
  return items;
}

function isUnsigned({ line, previous }: ReleaseChange): boolean {
  return (line ?? previous)?.signature === undefined;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).symmetricDifference(new Set(b)).size === 0;
}

function inChannels(channels: readonly string[] = []): Phrase {
  return channels.length === 0 ? [] : phrase` (${namesOf(channels)})`;
}

function namesOf(names: readonly string[]): Phrase {
  if (names.length === 0) return ['none'];
  return listed(
    names.map((name) => phrase`${name}`),
    SHOWN,
  );
}

function wantedBy({ entries }: ReleaseChange): Phrase {
  if (entries.length === 0) return [];
  return [', wanted by ', ...listed(uniqueEntries(entries).map(entryAt))];
}
