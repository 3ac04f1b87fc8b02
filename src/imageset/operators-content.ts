import { z } from 'zod';
import { catalogKey } from './catalog-key.ts';
import {
  OperatorVersion,
  PlatformEntries,
  TargetTag,
  checkRange,
  imageReference,
  targetPath,
} from './fields.ts';
import { parseLooseVersion } from './loose-version.ts';
import { report, reportDuplicates } from './rule.ts';

const minVersion = OperatorVersion.describe('First version, e.g. 1.2.3.').exactOptional();
const maxVersion = OperatorVersion.describe('Last version, e.g. 1.4.0.').exactOptional();

const OperatorChannel = z
  .strictObject({ name: z.string().describe('The channel.'), minVersion, maxVersion })
  .superRefine((channel, context) => {
    checkRange(channel, parseLooseVersion, context);
  });

/** A package of a catalog (spec, config-and-outputs, 1.4; `bundles`: design.md, section 8). */
export const OperatorPackage = z
  .strictObject({
    name: z.string().describe('The package, e.g. cluster-logging.'),
    channels: z
      .array(OperatorChannel)
      .superRefine((channels, context) => {
        const finding = { what: 'channel', list: 'channels', field: 'name' };
        reportDuplicates(context, channels, ({ name }) => name, finding);
      })
      .describe('Only these channels; without it, all.')
      .exactOptional(),
    defaultChannel: z
      .string()
      .describe('The new default channel; needed where the default of the catalog is left out.')
      .exactOptional(),
    minVersion,
    maxVersion,
    bundles: z
      .array(z.strictObject({ name: z.string().describe('The bundle, e.g. gadget.v2.0.0.') }))
      .superRefine((bundles, context) => {
        const finding = { what: 'bundle', list: 'bundles', field: 'name' };
        reportDuplicates(context, bundles, ({ name }) => name, finding);
      })
      .describe('Exactly these bundles. Not together with channels and versions.')
      .exactOptional(),
  })
  .superRefine((entry, context) => {
    checkRange(entry, parseLooseVersion, context);
    checkMixedRanges(entry, context);
    checkBundles(entry, context);
  });
export type OperatorPackage = z.infer<typeof OperatorPackage>;

/** An operator catalog (spec, config-and-outputs, 1.4). */
export const OperatorCatalog = z
  .strictObject({
    catalog: imageReference('load', 'The catalog image, HOST/PATH:TAG, or oci://DIRECTORY.'),
    packages: z
      .array(OperatorPackage)
      .superRefine((packages, context) => {
        const finding = { what: 'package', list: 'packages', field: 'name' };
        reportDuplicates(context, packages, ({ name }) => name, finding);
      })
      .describe('Only these packages; without it, all.')
      .exactOptional(),
    full: z
      .boolean()
      .describe(
        'All bundles instead of the channel heads. Without packages: the unchanged catalog.',
      )
      .exactOptional(),
    targetCatalog: targetPath(
      'load',
      'The path of the catalog below the destination, instead of its own.',
    ).exactOptional(),
    targetTag: TargetTag.describe(
      'The tag at the destination, instead of its own.',
    ).exactOptional(),
    targetCatalogSourceTemplate: z
      .string()
      .describe('A file with a CatalogSource that the generated one is made from.')
      .exactOptional(),
    platforms: PlatformEntries.exactOptional(),
    skipDependencies: z
      .boolean()
      .describe('Accepted for the sake of older files; has no effect.')
      .exactOptional(),
  })
  .superRefine(checkFull)
  .meta({ id: 'OperatorCatalog', description: 'An operator catalog and what to take from it.' });
export type OperatorCatalog = z.infer<typeof OperatorCatalog>;

export const OperatorCatalogs = z
  .array(OperatorCatalog)
  .superRefine((catalogs, context) => {
    const finding = { what: 'catalog', list: 'operators', field: 'catalog' };
    reportDuplicates(context, catalogs, catalogKey, finding);
  })
  .describe('Operators, by catalog.');

type RuleContext = Parameters<typeof report>[0];

function hasRange(entry: { readonly minVersion?: string; readonly maxVersion?: string }): boolean {
  return entry.minVersion !== undefined || entry.maxVersion !== undefined;
}

function checkMixedRanges(entry: OperatorPackage, context: RuleContext): void {
  if (!hasRange(entry)) return;
  const index = (entry.channels ?? []).findIndex(hasRange);
  if (index < 0) return;
  report(context, {
    message: `package "${entry.name}" has minVersion/maxVersion, and so has its channel "${entry.channels?.[index]?.name ?? ''}": mixing both is not allowed`,
    hint: 'Write the versions at the package or at its channels, not at both.',
    stage: 'load',
    path: ['channels', index],
  });
}

function checkBundles(entry: OperatorPackage, context: RuleContext): void {
  if ((entry.bundles ?? []).length === 0) return;
  if (!hasRange(entry) && (entry.channels ?? []).length === 0) return;
  report(context, {
    message: `package "${entry.name}" selects bundles by name, and channels or versions too`,
    hint: 'Keep bundles, or channels and versions.',
    stage: 'collect',
    path: ['bundles'],
  });
}

/** Spec, operator-catalogs, 3.3, rows 4.1 and 4.2: `full` leaves nothing for a selection. */
function checkFull(
  { full, packages = [] }: { readonly full?: boolean; readonly packages?: OperatorPackage[] },
  context: RuleContext,
): void {
  if (full !== true) return;
  for (const [index, entry] of packages.entries()) {
    const isNarrowed = hasRange(entry) || (entry.channels ?? []).some(hasRange);
    if (!isNarrowed && (entry.bundles ?? []).length === 0) continue;
    report(context, {
      message: `full: true cannot be mixed with the versions or bundles of package "${entry.name}"`,
      hint: 'Remove full, or take the versions and bundles out.',
      stage: 'collect',
      path: ['packages', index],
    });
  }
}
