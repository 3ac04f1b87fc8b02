import type { FoundLine } from '../../reconcile/find-lines.ts';

/** Of an image that many bundles need the first are shown. */
const SHOWN_BUNDLES = 10;

/** What `why` says of an image that operators need: the bundles, with package, channels and catalog, or the catalog itself. */
export function operatorLines({ bundles, catalog }: FoundLine): string[] {
  const lines: string[] = [];
  if (catalog !== undefined) {
    const { source, sourceDigest, inputs, without = [] } = catalog;
    const how = inputs === undefined ? 'a copy of' : 'built of';
    lines.push(`  catalog ${how} ${source} when that was ${sourceDigest}`);
    if (without.length > 0) lines.push(`  without ${without.join(', ')}, incomplete`);
  }
  for (const { bundle, channels, unlisted, ...rest } of bundles.slice(0, SHOWN_BUNDLES)) {
    const where = `package ${rest.package}, ${channels.length === 1 ? 'channel' : 'channels'} ${channels.join(', ')}, catalog ${rest.catalog}`;
    const former = unlisted === true ? ', which does not list it any more' : '';
    lines.push(`  bundle  ${bundle} (${where}${former})`);
  }
  const more = bundles.length - SHOWN_BUNDLES;
  if (more > 0) lines.push(`  and ${more} more bundles; --output json has all`);
  return lines;
}
