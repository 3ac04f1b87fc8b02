import type { CatalogPackage } from '../catalog-package.ts';
import { validateApartFromImages } from '../validate/validate-package.ts';
import { findConflicts } from './conflicts.ts';
import { settleDefaultChannel } from './default-channel.ts';
import { judgeEmptyChannels } from './empty-channels.ts';
import { keepInPackage } from './keep-in-package.ts';
import { reportMissingBundles } from './missing-bundles.ts';
import type {
  PackageFinding,
  PackageOutcome,
  PackageRequest,
  PackageWork,
} from './package-request.ts';
import { readVersions } from './read-versions.ts';
import { reportHiddenPrereleases, reportOutOfRange } from './report-ranges.ts';
import { selectChannels } from './select-channels.ts';
import { selectInChannels } from './select-in-channels.ts';

/**
 * One package of a catalog as a selection wants it: the algorithm of spec, operator-catalogs, 3.3, with what is
 * settled there. All problems are found that do not follow from another; a result without
 * problems is valid but for images that cannot be read (`validateApartFromImages`).
 */
export function filterPackage(source: CatalogPackage, request: PackageRequest): PackageOutcome {
  const { versions, problems: unversioned } = readVersions(source);
  const blocking = [...findConflicts(source.name, request), ...unversioned];
  const work: PackageWork = { source, request, versions, problems: [...blocking], warnings: [] };
  const wanted = selectChannels(work);
  const defaultChannel = settleDefaultChannel(work, wanted);
  reportMissingBundles(work);
  // Without versions, or with two wishes at once, what the channels show would be a consequence of that.
  if (blocking.length > 0) return outcomeOf(work, source);

  const channels = selectInChannels(work, wanted);
  judgeEmptyChannels(work, channels, defaultChannel);
  if (work.problems.length > 0) return outcomeOf(work, source);
  reportOutOfRange(work, channels);
  reportHiddenPrereleases(work, channels);

  const kept = new Map(channels.map(({ wanted: { channel }, names }) => [channel, names]));
  const result = keepInPackage(source, kept, request.entry?.defaultChannel);
  work.problems.push(...findInvalidity(source, result));
  return outcomeOf(work, result);
}

function outcomeOf({ problems, warnings }: PackageWork, result: CatalogPackage): PackageOutcome {
  return { result, problems, warnings };
}

function findInvalidity(source: CatalogPackage, result: CatalogPackage): readonly PackageFinding[] {
  const messages = validateApartFromImages(result);
  if (messages.length === 0) return [];
  const ofSource = new Set(validateApartFromImages(source));
  return messages.map((message) => ({
    path: [],
    message,
    hint: ofSource.has(message)
      ? 'The catalog itself is broken, and a cluster would refuse all of it: leave the package or the channel out, or ask the publisher of the catalog.'
      : 'A cluster would refuse the whole catalog: select other versions, or the whole channel.',
  }));
}
