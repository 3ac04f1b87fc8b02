import type {
  BundleCounts,
  CatalogChange,
  ChannelChange,
  PackageChange,
} from './catalog-change.ts';
import { entryAt } from './entry-phrase.ts';
import { type Phrase, counted, listed, phrase } from './phrase.ts';
import type { PlanItem } from './plan-group.ts';

/** Names of bundles on one line; the others are counted. */
const SHOWN_BUNDLES = 8;

/** How many catalogs and bundles a plan changes; nothing where there are no catalogs. */
export function catalogFacts(changes: readonly CatalogChange[]): Phrase[] {
  if (changes.length === 0) return [];
  const count = (...kinds: CatalogChange['change'][]): number =>
    changes.filter(({ change }) => kinds.includes(change)).length;
  const catalogs = counted([
    [count('new'), 'new'],
    [count('updated'), 'updated'],
    [count('stays'), 'kept as published'],
    [count('gone'), 'gone'],
    [count('returned'), 'back'],
    [count('orphaned', 'orphan'), 'orphaned'],
    [count('unchanged'), 'unchanged'],
  ]);
  const total = (key: keyof BundleCounts): number =>
    changes.reduce((sum, { counts }) => sum + counts[key], 0);
  const bundles = counted([
    [total('added'), 'added'],
    [total('gone'), 'gone'],
    [total('superseded'), 'superseded'],
    [total('leftOut'), 'left out'],
  ]);
  return [[`catalogs: ${catalogs}${bundles === '' ? '' : `; bundles: ${bundles}`}`]];
}

/** The catalogs that a plan changes, or that something is left out of, with their packages and channels below. */
export function catalogItems(changes: readonly CatalogChange[]): PlanItem[] {
  return changes
    .filter(({ change, packages }) => change !== 'unchanged' || packages.length > 0)
    .map((change) => {
      const below = [...renaming(change), ...change.packages.map(packageItem)];
      return { ...catalogItem(change), ...(below.length === 0 ? {} : { below }) };
    });
}

function catalogItem(catalog: CatalogChange): PlanItem {
  const { destination, name, change, lost } = catalog;
  const place = phrase`${destination}`;
  switch (change) {
    case 'new':
      return { sign: '+', line: phrase`${place}${origin(catalog)}${bundleCounts(catalog)}` };
    case 'updated':
      return { sign: '~', line: phrase`${place}${origin(catalog)}${bundleCounts(catalog)}` };
    case 'unchanged':
      return { sign: '!', line: phrase`${place}${origin(catalog)}${bundleCounts(catalog)}` };
    case 'stays': {
      const names = listed(
        lost.map((one) => phrase`${one}`),
        SHOWN_BUNDLES,
      );
      const why =
        lost.length === 0
          ? ['its entry fails']
          : phrase`the new one would lack ${names}, which clusters may have installed`;
      return { sign: '!', line: phrase`${place} stays as it is published: ${why}` };
    }
    case 'gone':
      return { sign: '-', line: phrase`${place}: its resources, named ${name}, go` };
    case 'returned':
      return {
        sign: '+',
        line: phrase`${place}: its delete is no longer asked for; its resources, named ${name}, come back if it is still there`,
      };
    case 'orphaned':
    case 'orphan': {
      const since = change === 'orphaned' ? ' from this plan on' : ', as before';
      return {
        sign: '?',
        line: phrase`${place}: nobody wants it${[since]}; its resources, named ${name}, stay until it is deleted`,
      };
    }
    default:
      return change satisfies never;
  }
}

/** Where it comes from, with the old and the new digest of that. */
function origin({ source, previous }: CatalogChange): Phrase {
  if (source === undefined) return [];
  if (previous === undefined) return phrase` from ${source.source} ${source.digest}`;
  const before = source.source === previous.source ? [] : phrase`${previous.source} `;
  const after = source.source === previous.source ? [] : phrase`${source.source} `;
  if (source.digest === previous.digest && before.length === 0)
    return phrase` from ${source.source}, still ${source.digest}`;
  const from = before.length === 0 ? phrase`${source.source} ` : before;
  return phrase` from ${from}${previous.digest} -> ${after}${source.digest}`;
}

function bundleCounts({ counts }: CatalogChange): Phrase {
  const changes = counted([
    [counts.added, 'added'],
    [counts.gone, 'gone'],
    [counts.superseded, 'superseded'],
    [counts.leftOut, 'left out'],
  ]);
  return [`; bundles: ${changes === '' ? 'the same' : changes}, ${counts.total} in all`];
}

function renaming({ name, renamedFrom }: CatalogChange): PlanItem[] {
  if (renamedFrom === undefined) return [];
  const { destination, name: before } = renamedFrom;
  return [
    {
      sign: '~',
      line: phrase`its resources are named ${name}; those of ${destination} are named ${before}: Subscriptions that name ${`cs-${before}`} have to be changed`,
    },
  ];
}

function packageItem({ name, change, entry, channels, leftOut }: PackageChange): PlanItem {
  const sign = ({ new: '+', changed: '~', gone: '-', unchanged: '!' } as const)[change];
  const wanted = entry === undefined ? [] : phrase`, wanted by ${entryAt(entry)}`;
  return {
    sign,
    line: phrase`package ${name}${wanted}`,
    below: [
      ...channels.flatMap(channelItems),
      ...leftOut.map(({ bundle, channels: where, reason }): PlanItem => {
        const names = listed(where.map((channel) => phrase`${channel}`));
        const channel = where.length === 0 ? [] : phrase` of ${names}`;
        return { sign: '!', line: phrase`left out${channel}: ${bundle}, since ${reason}` };
      }),
    ],
  };
}

function channelItems({ channel, added, gone, superseded }: ChannelChange): PlanItem[] {
  const item = (sign: PlanItem['sign'], names: readonly string[], why: string): PlanItem[] => {
    if (names.length === 0) return [];
    const bundles = listed(
      names.map((name) => phrase`${name}`),
      SHOWN_BUNDLES,
    );
    return [{ sign, line: phrase`channel ${channel}: ${bundles}${[why]}` }];
  };
  return [
    ...item('+', added, ''),
    ...item('-', gone, ''),
    ...item('-', superseded, ', superseded since the catalog moved on'),
  ];
}
