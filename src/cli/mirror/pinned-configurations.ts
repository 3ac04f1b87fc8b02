import { stringify } from 'yaml';
import { compareText } from '../../base/compare-text.ts';
import type { ImageSetDocument } from '../../imageset/image-set-document.ts';
import { API_VERSION, type MirrorContent } from '../../imageset/image-set-schema.ts';
import { type DigestBySource, pinCatalogs } from './pin-catalogs.ts';

/** Fields that are written even where they are empty (spec, config-and-outputs, section 7). */
const ALWAYS = new Set(['mirror', 'delete', 'packages']);
/** A chart's values are its own language, in which `false` and empty have a meaning. */
const VERBATIM = new Set(['values']);
/** What a delete does not have. */
const MIRROR_ONLY = new Set(['blockedImages', 'samples']);

export interface PinnedConfigurations {
  /** `isc_pinned_<time>.yaml` and `disc_pinned_<time>.yaml`. */
  readonly fileNames: { readonly mirror: string; readonly delete: string };
  readonly mirror: string;
  readonly delete: string;
}

/**
 * The image set as it was carried out, and the one that deletes the same (spec, config-and-outputs, section 7). What
 * moves, a catalog's tag, is a digest in them. A file of several documents gives files of several.
 */
export function pinConfigurations(
  documents: readonly ImageSetDocument[],
  now: Date,
  digests: DigestBySource = new Map(),
): PinnedConfigurations {
  const pinned = documents.map((document) => ({
    ...document,
    content: withPackages(withTypes(pinCatalogs(document.content, digests))),
  }));
  const time = `${now.toISOString().slice(0, 'yyyy-MM-ddTHH:mm:ss'.length)}Z`;
  return {
    fileNames: { mirror: `isc_pinned_${time}.yaml`, delete: `disc_pinned_${time}.yaml` },
    mirror: pinned.map((document) => format(pinnedMirror(document))).join('---\n'),
    delete: pinned.map((document) => format(pinnedDelete(document))).join('---\n'),
  };
}

interface Pinned {
  readonly content: object;
  readonly archiveSize?: number;
}

/** A catalog's packages are written even where there are none. */
function withPackages({ operators, ...rest }: MirrorContent): object {
  if (operators === undefined) return rest;
  return { ...rest, operators: operators.map((entry) => ({ packages: null, ...entry })) };
}

/** The type of a channel is written even where it is not said. */
function withTypes({ platform, ...rest }: MirrorContent): MirrorContent {
  if (platform?.channels === undefined) return { ...rest, ...(platform && { platform }) };
  const channels = platform.channels.map((channel) => ({ type: 'ocp' as const, ...channel }));
  return { ...rest, platform: { ...platform, channels } };
}

function pinnedMirror({ content, archiveSize }: Pinned): object {
  return { apiVersion: API_VERSION, archiveSize, kind: 'ImageSetConfiguration', mirror: content };
}

function pinnedDelete({ content }: Pinned): object {
  const same = Object.entries(content).filter(([name]) => !MIRROR_ONLY.has(name));
  const stanza = Object.fromEntries(same);
  return { apiVersion: API_VERSION, delete: stanza, kind: 'DeleteImageSetConfiguration' };
}

function format(document: object): string {
  // The reference tool's lists are not indented below their key.
  return stringify(withoutEmpty(document), { lineWidth: 0, indentSeq: false });
}

/** Sorted keys at every depth; nothing that is empty. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value)
    .map(([name, field]): [string, unknown] => [
      name,
      VERBATIM.has(name) ? field : withoutEmpty(field),
    ])
    .filter(([name, field]) => ALWAYS.has(name) || !isEmpty(field))
    .sort(([left], [right]) => compareText(left, right));
  return Object.fromEntries(fields);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
