import { compareText } from '../base/compare-text.ts';
import type { Lock, LockedCatalog } from '../lock/lock.ts';
import { bundleKey } from './lost-bundles.ts';

/** What a pass did to an operator catalog that is published. */
export interface CatalogTally {
  /** The place as the lock writes it. */
  readonly destination: string;
  /** Of its resources, without `cs-` and `cc-`. */
  readonly name: string;
  readonly change: 'new' | 'updated' | 'gone';
  /** Bundles that it lists now, and that it lists no longer. */
  readonly added: number;
  readonly gone: number;
  /** Bundles that it should list and does not, since they are incomplete. */
  readonly leftOut: number;
}

/** What became of the catalogs between two locks, sorted by destination; nothing of those that are as they were. Pure. */
export function catalogTallies(before: Lock | undefined, after: Lock): CatalogTally[] {
  const here = before?.destination === after.destination ? before : undefined;
  const [old, now] = [here === undefined ? undefined : publishedOf(here), publishedOf(after)];
  const destinations = new Set([...(old?.keys() ?? []), ...now.keys()]);
  return [...destinations].sort(compareText).flatMap((destination) => {
    const [was, is] = [old?.get(destination), now.get(destination)];
    const line = is?.line ?? was?.line;
    if (line === undefined) return [];
    const [listed, listedBefore] = [is?.bundles ?? NONE, was?.bundles ?? NONE];
    const counts = {
      added: listed.difference(listedBefore).size,
      gone: listedBefore.difference(listed).size,
      leftOut: is?.line.without?.length ?? 0,
    };
    const isSame = was?.digest === is?.digest && counts.added + counts.gone === 0;
    const isSameLine = was?.line.name === is?.line.name && was?.line.template === is?.line.template;
    if (isSame && isSameLine) return [];
    const change = was === undefined ? 'new' : is === undefined ? 'gone' : 'updated';
    return [{ destination, name: line.name, change, ...counts }];
  });
}

/** One line: `redhat-operator-index-v4-18: 3 bundles added, 1 gone`. */
export function describeTally({ name, change, added, gone, leftOut }: CatalogTally): string {
  const bundles = (count: number): string => `${count} ${count === 1 ? 'bundle' : 'bundles'}`;
  const parts = [
    ...(change === 'updated' ? [] : [change]),
    ...(added === 0 ? [] : [`${bundles(added)} added`]),
    ...(gone === 0 ? [] : [`${added === 0 ? bundles(gone) : gone} gone`]),
    ...(leftOut === 0 ? [] : [`${leftOut} left out`]),
  ];
  return `${name}: ${parts.length === 0 ? 'updated, with the same bundles' : parts.join(', ')}`;
}

const NONE: ReadonlySet<string> = new Set();

interface Published {
  readonly line: LockedCatalog;
  readonly digest: string;
  /** That it lists. */
  readonly bundles: ReadonlySet<string>;
}

function publishedOf({ catalogs, bundles, images }: Lock): Map<string, Published> {
  const digestOf = new Map(images.map(({ destination, digest }) => [destination, digest]));
  const listed = Map.groupBy(
    bundles.filter(({ unlisted }) => unlisted !== true),
    ({ catalog }) => catalog,
  );
  return new Map(
    catalogs.flatMap((line): [string, Published][] => {
      const { destination } = line;
      const digest = digestOf.get(destination);
      // What is leaving has a line, and is published no longer.
      if (digest === undefined) return [];
      const names = new Set(listed.get(destination)?.map(bundleKey));
      return [[destination, { line, digest, bundles: names }]];
    }),
  );
}
