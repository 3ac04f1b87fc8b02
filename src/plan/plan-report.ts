import type { FieldProblem } from '../base/field-problem.ts';
import { formatBytes } from '../base/format-bytes.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import type { LockedImage } from '../lock/lock.ts';
import type { WantingEntry } from '../lock/wanted-image.ts';
import { type Platform, formatPlatform } from '../oci/descriptor.ts';
import type { MirrorChange, NodeImpactReport } from '../resources/node-impact.ts';
import type { CatalogChange } from './catalog-change.ts';
import { catalogFacts, catalogItems } from './catalog-items.ts';
import { askedBy, entryAt, uniqueEntries } from './entry-phrase.ts';
import type { ReleaseChange } from './release-change.ts';
import { releaseFacts, releaseItems } from './release-items.ts';
import { type Phrase, listed, phrase } from './phrase.ts';
import type { PlanGroup, PlanItem } from './plan-group.ts';
import { kindsOf, split } from './images-by-owner.ts';
import {
  type HeldDelete,
  type Plan,
  type PlannedDelete,
  type PlannedImage,
  type PlannedOrphan,
  type PlannedUpdate,
} from './plan.ts';

/** Up to so many deletes that one thing holds are said one by one. */
const HELD_ALONE = 3;

/** What people and machines are told of one plan. */
export interface PlanReport {
  readonly plan: Plan;
  /** Sorted by destination. */
  readonly catalogs: readonly CatalogChange[];
  /** By version. */
  readonly releases: readonly ReleaseChange[];
  /** What is odd in the files and in what their filters find. */
  readonly warnings: readonly FieldProblem[];
  /** What the change of the mirror sets does to nodes. */
  readonly nodes: NodeImpactReport;
}

/** The first lines of a report: what of, and what matters most. */
export function headOf({ plan, catalogs, releases, nodes }: PlanReport): Phrase[] {
  const { adds, updates, deletes, held, orphans, keeps, source } = plan;
  const counts = [
    `${adds.length} to add`,
    `${updates.length} to update`,
    `${deletes.length} to delete`,
    `${held.length} held`,
    `${orphans.length} orphans`,
    `${keeps.length} unchanged`,
  ].join(', ');
  return [
    phrase`mirror ${plan.mirror} at ${plan.destination}`,
    phrase`source ${source.branch}${source.commit === '' ? [] : phrase` at commit ${source.commit}`}`,
    ['nodes: ', ...nodesLine(nodes)],
    ...releaseFacts(releases),
    ...catalogFacts(catalogs),
    [`images: ${counts}; ${formatBytes(plan.bytesToMove)} to move`],
    phrase`plan ${plan.hash}`,
  ];
}

/** All groups of a plan that have items. What was resolved wrongly comes before what follows from it. */
export function groupsOf({ plan, catalogs, releases, warnings, nodes }: PlanReport): PlanGroup[] {
  const adds = split(plan.adds, (one) => one.kind);
  const updates = split(plan.updates, (one) => one.kind);
  const orphans = split(plan.orphans, ({ line }) => line.kind);
  const deletes = split(plan.deletes, ({ line }) => line.kind);
  const groups: PlanGroup[] = [
    { title: 'mirror sets', items: nodes.changes.map(mirrorChange) },
    {
      title: 'entries that fail; what they had stays',
      items: [...Map.groupBy(plan.failures, reasonOf).values()].flatMap(failure),
    },
    { title: 'warnings', items: warnings.map(warning) },
    { title: 'releases', items: releaseItems(releases) },
    { title: 'operator catalogs', items: catalogItems(catalogs) },
    { title: 'images to add', items: adds.own.map(addition) },
    { title: 'images to update', items: updates.own.map(update) },
    {
      title: 'images to delete',
      items: [...deletes.own, ...deletes.ofCatalogs].map(deletion),
    },
    {
      title: 'deletes that are held',
      items: [...Map.groupBy(plan.held, heldBy).values()].flatMap(heldDeletes),
      count: plan.held.length,
    },
    {
      title: 'images whose delete is no longer asked for',
      items: plan.returns.map((line) => ({ sign: '+', line: image(line) })),
    },
    {
      title: 'images that are being deleted already',
      items: plan.deleting.map((line) => ({
        sign: '-',
        line: phrase`${image(line)}, ${askedBy(line.reason, undefined)}${line.held === undefined ? [] : phrase`; held: ${line.held}`}`,
      })),
    },
    { title: 'orphans: nobody wants them, and they stay', items: orphans.own.map(orphan) },
    {
      title: 'images of releases to add',
      items: adds.ofReleases.map(addition),
      folded: kindsOf(adds.ofReleases),
    },
    {
      title: 'images of releases to update',
      items: updates.ofReleases.map(update),
      folded: kindsOf(updates.ofReleases),
    },
    {
      title: 'images of releases to delete',
      items: deletes.ofReleases.map(deletion),
      folded: kindsOf(deletes.ofReleases.map(({ line }) => line)),
    },
    {
      title: 'orphans among the images of releases',
      items: orphans.ofReleases.map(orphan),
      folded: kindsOf(orphans.ofReleases.map(({ line }) => line)),
    },
    {
      title: 'images of operators to add',
      items: adds.ofCatalogs.map(addition),
      folded: kindsOf(adds.ofCatalogs),
    },
    {
      title: 'images of operators to update',
      items: updates.ofCatalogs.map(update),
      folded: kindsOf(updates.ofCatalogs),
    },
    {
      title: 'orphans among the images of operators',
      items: orphans.ofCatalogs.map(orphan),
      folded: kindsOf(orphans.ofCatalogs.map(({ line }) => line)),
    },
  ];
  return groups.filter(({ items }) => items.length > 0);
}

function nodesLine({ impact, changes, unreadable }: NodeImpactReport): Phrase {
  if (impact === 'none') return ['nothing changes, mirror sets stay as they are'];
  const kinds = ['ImageDigestMirrorSet', 'ImageTagMirrorSet'] as const;
  const words = ['added', 'changed', 'removed'] as const;
  const counts = kinds.flatMap((kind) =>
    words.flatMap((word) => {
      const count = changes.filter((one) => one.kind === kind && one.change === word).length;
      return count === 0 ? [] : [`${count} ${word} in ${kind}`];
    }),
  );
  const does =
    impact === 'reload'
      ? 'CRI-O reloads, no node is drained'
      : 'every node is drained, one after the other';
  const sources = counts.length === 0 ? '' : ` (sources: ${counts.join(', ')})`;
  const broken =
    unreadable.length === 0
      ? []
      : phrase`; what changed is not known, since these cannot be read: ${listed(unreadable.map((name) => phrase`${name}`))}`;
  return [`${does}${sources}`, ...broken];
}

function mirrorChange(change: MirrorChange): PlanItem {
  const { kind, source, mirrorsAdded, mirrorsRemoved, impact } = change;
  const sign = { added: '+', changed: '~', removed: '-' } as const;
  const mirrors = [
    ...mirrorsAdded.map((mirror) => phrase`+${mirror}`),
    ...mirrorsRemoved.map((mirror) => phrase`-${mirror}`),
  ];
  return {
    sign: sign[change.change],
    line: phrase`${[kind]} ${source}: ${listed(mirrors)} (${[impact]})`,
  };
}

/** One reason is said once, whatever number of entries it fails. */
function failure(group: readonly EntryFailure[]): PlanItem[] {
  const [first] = group;
  if (first === undefined) return [];
  const { message, code, hint } = first.error;
  // Most messages name the image themselves.
  const isNamed = group.length === 1 && message.includes(first.wanted);
  const wanted = isNamed ? [] : phrase`${listed(group.map((one) => phrase`${one.wanted}`))}: `;
  const entries = group.flatMap((one) => one.entries);
  const advice = hint === undefined ? [] : phrase`. ${hint}`;
  return [
    {
      sign: '!',
      line: phrase`${wanted}${message} (${[code]}), ${positionsOf(entries)}${advice}`,
    },
  ];
}

function reasonOf({ error }: EntryFailure): string {
  return `${error.code} ${error.message}`;
}

function warning({ position, field, message, hint }: FieldProblem): PlanItem {
  const advice = hint === undefined ? [] : phrase`. ${hint}`;
  return { sign: '!', line: phrase`${entryAt({ position, field })}: ${message}${advice}` };
}

function addition(planned: PlannedImage): PlanItem {
  return {
    sign: '+',
    line: phrase`${image(planned)}${only(planned.platforms)}, ${sourcesOf(planned)}, ${positionsOf(planned.entries)}`,
  };
}

function update(planned: PlannedUpdate): PlanItem {
  const { destination, digest, platforms, previous, entries } = planned;
  const old = previous[0];
  const change =
    planned.change === 'digest'
      ? phrase`${old?.digest ?? 'nothing'} -> ${digest}${only(platforms)}`
      : phrase`${digest}, platforms ${names(old?.platforms)} -> ${names(platforms)}`;
  return {
    sign: '~',
    line: phrase`${destination} ${change}, ${sourcesOf(planned)}, ${positionsOf(entries)}`,
  };
}

function deletion({ line, reason, entry }: PlannedDelete): PlanItem {
  return { sign: '-', line: phrase`${image(line)}, ${askedBy(reason, entry)}` };
}

function heldBy({ reason, entry, why }: HeldDelete): string {
  return JSON.stringify([why, reason, entry?.position, entry?.field]);
}

/** What holds many images back, like all those of a release, is said once. */
function heldDeletes(group: readonly HeldDelete[]): PlanItem[] {
  const [first] = group;
  if (first === undefined || group.length <= HELD_ALONE) return group.map(heldDelete);
  const { reason, entry, why } = first;
  return [
    {
      sign: '!',
      line: phrase`${[String(group.length)]} images: ${why}; ${askedBy(reason, entry)}`,
      below: group.map(({ destination }) => ({ sign: '!', line: phrase`${destination}` })),
    },
  ];
}

function heldDelete({ destination, reason, entry, why }: HeldDelete): PlanItem {
  return { sign: '!', line: phrase`${destination}: ${why}; ${askedBy(reason, entry)}` };
}

function orphan({ line, isNew }: PlannedOrphan): PlanItem {
  return { sign: '?', line: phrase`${image(line)}, ${[orphanReason(line, isNew)]}` };
}

function orphanReason({ superseded }: LockedImage, isNew: boolean): string {
  if (superseded === true) return 'replaced by a newer version without a change of files';
  return isNew ? 'no file wants it from this commit on' : 'no file has wanted it before either';
}

function image({ destination, digest }: Pick<LockedImage, 'destination' | 'digest'>): Phrase {
  return phrase`${destination} ${digest}`;
}

function sourcesOf({ sources }: PlannedImage): Phrase {
  return ['from ', ...listed(sources.map(({ source }) => phrase`${source}`))];
}

function positionsOf(entries: readonly WantingEntry[]): Phrase {
  return ['wanted by ', ...listed(uniqueEntries(entries).map(entryAt))];
}

function only(platforms: readonly Platform[] | undefined): Phrase {
  return platforms === undefined ? [] : phrase`, only ${names(platforms)}`;
}

function names(platforms: readonly Platform[] | undefined): Phrase {
  if (platforms === undefined) return ['all'];
  return listed(
    platforms.map((platform) => phrase`${formatPlatform(platform)}`),
    10,
  );
}
