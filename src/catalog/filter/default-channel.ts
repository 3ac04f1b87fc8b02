import { closestWord } from '../../base/closest-word.ts';
import type { FieldPath } from '../../base/field-path.ts';
import type { OperatorPackage } from '../../imageset/operators-content.ts';
import { listNames } from '../validate/name-list.ts';
import type { PackageWork, WantedChannel } from './package-request.ts';

/**
 * The default channel that the result will have: the one that the entry names, else the package's own. It has
 * to be among the wanted channels of a listed package (spec, operator-catalogs, 3.3, step 3).
 */
export function settleDefaultChannel(
  { source, request: { entry }, problems }: PackageWork,
  wanted: readonly WantedChannel[],
): string | undefined {
  const own = source.definitions[0]?.defaultChannel;
  if (entry === undefined) return own;
  const names = wanted.map(({ channel }) => channel.name);
  const chosen = entry.defaultChannel ?? own;
  // A package without a default channel of its own is refused by the validation.
  if (chosen === undefined || chosen === '' || names.includes(chosen)) return chosen;
  const message =
    entry.defaultChannel === undefined
      ? `package "${source.name}": its default channel "${chosen}" is not among the selected channels`
      : `package "${source.name}": the defaultChannel "${chosen}" is not among the selected channels`;
  const isElsewhere = source.channels.some(({ name }) => name === chosen);
  problems.push({
    path: pathOf(entry),
    message,
    hint: adviceFor(
      chosen,
      names,
      isElsewhere,
      source.channels.map(({ name }) => name),
    ),
  });
  return chosen;
}

function pathOf({ defaultChannel, channels = [] }: OperatorPackage): FieldPath {
  if (defaultChannel !== undefined) return ['defaultChannel'];
  return channels.length > 0 ? ['channels'] : [];
}

function adviceFor(
  chosen: string,
  selected: readonly string[],
  isElsewhere: boolean,
  all: readonly string[],
): string {
  const add = `add the channel "${chosen}"`;
  const meant = isElsewhere ? undefined : closestWord(chosen, selected);
  const [first = '', ...more] = meant === undefined ? selected : [meant];
  if (first === '')
    return `None of the selected channels exists; the package has ${listNames(all)}.`;
  const write =
    more.length === 0
      ? `Write defaultChannel: ${first}`
      : `Write defaultChannel with one of ${listNames(selected)}`;
  return isElsewhere ? `${write}, or ${add}.` : `${write}.`;
}
