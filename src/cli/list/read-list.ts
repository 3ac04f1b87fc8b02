import { closestWord } from '../../base/closest-word.ts';
import { ControllerError } from '../../base/controller-error.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { hasOlmDocuments, validatePackage } from '../../catalog/validate/validate-package.ts';
import type { Listed } from './format-list.ts';
import { type PackageSummary, summarizePackage } from './summarize-package.ts';

/** What of a catalog is listed; absent: all packages, all channels. */
export interface ListedPart {
  readonly package?: string;
  readonly channel?: string;
}

const MOST_PROBLEMS = 20;

/**
 * Reads what a list shows of a catalog. The whole catalog is validated, also for one package of it: a cluster
 * refuses it as a whole (spec, operator-catalogs, 1.6 and section 6).
 * @throws ControllerError CATALOG_INVALID, CATALOG_SELECTION where package or channel are not there.
 */
export async function readList(
  catalog: Catalog,
  part: ListedPart,
  signal: AbortSignal,
): Promise<Listed> {
  const packages: PackageSummary[] = [];
  const problems: string[] = [];
  for (const name of catalog.packageNames) {
    const found = await catalog.readPackage(name, signal);
    if (found === undefined || !hasOlmDocuments(found)) continue;
    problems.push(...validatePackage(found));
    if (part.package === undefined || part.package === name) packages.push(summarizePackage(found));
  }
  if (problems.length > 0) throw invalid(catalog, problems);
  if (part.package === undefined) return { kind: 'packages', packages };
  const [only] = packages;
  if (only === undefined) {
    throw notFound(
      `operator "${part.package}" not found in catalog`,
      part.package,
      catalog.packageNames,
    );
  }
  if (part.channel === undefined) return { kind: 'package', package: only };
  const channel = only.channels.find(({ name }) => name === part.channel);
  if (channel === undefined) {
    const message = `channel "${part.channel}" not found for operator "${only.name}"`;
    const names = only.channels.map(({ name }) => name);
    throw notFound(message, part.channel, names);
  }
  return { kind: 'channel', package: only, channel };
}

function notFound(message: string, word: string, names: readonly string[]): ControllerError {
  const meant = closestWord(word, names);
  return new ControllerError('CATALOG_SELECTION', message, {
    remedy: 'wait-for-change',
    hint:
      meant === undefined
        ? 'Without this flag all of them are listed.'
        : `Did you mean "${meant}"?`,
  });
}

function invalid({ name }: Catalog, problems: readonly string[]): ControllerError {
  const shown = problems.slice(0, MOST_PROBLEMS);
  const more = problems.length - shown.length;
  if (more > 0) shown.push(`and ${more} more`);
  return new ControllerError(
    'CATALOG_INVALID',
    `failed to load catalog: ${name} is not valid, a cluster would refuse it:\n${shown.join('\n')}`,
    {
      remedy: 'wait-for-change',
      hint: 'Whoever builds the catalog has to mend this; `opm validate` checks it there.',
    },
  );
}
