import type {
  CatalogChannel,
  CatalogDeprecations,
  ChannelEntry,
  DeprecationEntry,
  PackageDefinition,
} from '../catalog-package.ts';
import {
  type ExactJson,
  exactJson,
  fieldOf,
  itemsOf,
  textOf,
  withField,
} from '../../built/exact-json.ts';

/**
 * Documents that the filter changed, made of the original: only what the filter speaks of becomes another,
 * and unknown fields, also those of entries, stay (spec, operator-catalogs, 1.3, "Advice").
 */

/** An `olm.package` with the default channel of the model. */
export function changedDefinition(
  original: ExactJson,
  { defaultChannel }: PackageDefinition,
): ExactJson {
  return withField(
    original,
    'defaultChannel',
    defaultChannel === '' ? undefined : exactJson(defaultChannel),
  );
}

/** An `olm.channel` with the entries of the model, in its order. */
export function changedChannel(original: ExactJson, { entries }: CatalogChannel): ExactJson {
  const originals = takeByKey(itemsOf(original, 'entries'), (item) => textOf(item, 'name'));
  const items = entries.map((entry) => changedEntry(originals(entry.name), entry));
  return withField(original, 'entries', { kind: 'array', items });
}

/** An `olm.deprecations` with the entries of the model, in its order. */
export function changedDeprecations(
  original: ExactJson,
  { entries }: CatalogDeprecations,
): ExactJson {
  const originals = takeByKey(itemsOf(original, 'entries'), (item) => {
    const reference = fieldOf(item, 'reference');
    return keyOf(textOf(reference, 'schema'), textOf(reference, 'name'), textOf(item, 'message'));
  });
  const items = entries.map((entry) => originals(deprecationKey(entry)) ?? exactJson(entry));
  return withField(original, 'entries', { kind: 'array', items });
}

function changedEntry(original: ExactJson | undefined, entry: ChannelEntry): ExactJson {
  let changed = original ?? exactJson({ name: entry.name });
  for (const field of ['replaces', 'skipRange'] as const) {
    const wanted = entry[field] ?? '';
    if (textOf(changed, field) === wanted) continue;
    changed = withField(changed, field, wanted === '' ? undefined : exactJson(wanted));
  }
  const skips = entry.skips ?? [];
  const originalSkips = itemsOf(changed, 'skips').map((item) => textOfItem(item));
  if (keyOf(...skips) === keyOf(...originalSkips)) return changed;
  return withField(changed, 'skips', skips.length === 0 ? undefined : exactJson(skips));
}

function textOfItem(item: ExactJson): string {
  return textOf({ kind: 'object', members: [{ keyText: '""', key: '', value: item }] }, '');
}

function deprecationKey({ reference, message }: DeprecationEntry): string {
  return keyOf(reference.schema, reference.name ?? '', message);
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** Gives the items of a key one after another, each once. */
function takeByKey(
  items: readonly ExactJson[],
  key: (item: ExactJson) => string,
): (wanted: string) => ExactJson | undefined {
  const left = Map.groupBy(items, key);
  return (wanted) => left.get(wanted)?.shift();
}
