import { z } from 'zod';
import type { Platform } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { formatHead, formatLine } from './format-line.ts';
import { formatLists } from './format-lists.ts';
import {
  BundleLine,
  CatalogLine,
  ConfigurationLine,
  DeletingLine,
  DeletionLine,
  DestinationText,
  ImageLine,
  ReleaseLine,
  SourceLine,
} from './lock-schema.ts';
import { lockReader } from './lock-reader.ts';
import type { ImageKind } from './wanted-image.ts';

/**
 * What one mirror holds, from where and for whom: the file `imageset.lock` of its output folder (design.md,
 * section 4). Read by `parseLock`, written by `formatLock`, which also sorts it. A `destination` is a place
 * as `relativePlace` writes it, below the lock's own destination.
 */
export interface Lock {
  readonly version: 1;
  /** The mirror's name in the settings. */
  readonly mirror: string;
  /** Without transport, as `formatDestination` writes it. */
  readonly destination: string;
  /** The last source commit that changed this lock. */
  readonly source: { readonly commit: string; readonly branch: string };
  readonly configurations: readonly LockedConfiguration[];
  readonly deletions: readonly LockedDeletion[];
  readonly images: readonly LockedImage[];
  readonly deleting: readonly DeletingImage[];
  readonly catalogs: readonly LockedCatalog[];
  readonly bundles: readonly LockedBundle[];
  readonly releases: readonly LockedRelease[];
}

/** A file that says what is wanted: an image set, or a file that an image set names. */
export interface LockedConfiguration {
  /** In the source repository. */
  readonly path: string;
  /**
   * Git's id of its content; of an incomplete file, of what it was when it was last complete: what that wanted stays
   * until then, and only then can it be told whether a change of the file or something else made an orphan of it.
   */
  readonly blob: string;
  /** Something that it wants is not there as wanted: it is tried again in every pass. */
  readonly incomplete?: true;
}

/** A delete file that was read. */
export interface LockedDeletion {
  readonly path: string;
  readonly blob: string;
  /** The number of places that it names. */
  readonly images: number;
  /** How many of them wait; absent: the file is carried out, and not repeated until it changes. */
  readonly held?: number;
}

/** What is told about an image at its place, whether it stays or goes. */
interface ImageFacts {
  readonly destination: string;
  readonly digest: Digest;
  /** The full reference it was pulled by; of a built image what it was built from. */
  readonly source: string;
  readonly kind: ImageKind;
  /** Of its distinct blobs. */
  readonly bytes: number;
  /** Only these instances of the index are there; absent: all. */
  readonly platforms?: readonly Platform[];
  /** No file changed when it became an orphan: a head, tag or catalog moved on. */
  readonly superseded?: true;
  /** Of a graph image: the digest of the unpacked tarball of graph data. */
  readonly data?: Digest;
  /** Of a graph image: the full reference, by digest, of the image that it was built on. */
  readonly base?: string;
}

/** An image that is there and stays. Two sources of one place are two lines, with one digest. */
export interface LockedImage extends ImageFacts {
  /** Paths of the files that want it; empty: an orphan. */
  readonly wantedBy: readonly string[];
}

/** An image that manifests no longer name and that is to be deleted. */
export interface DeletingImage extends ImageFacts {
  /** The source commit that asked for it; grace counts from the manifests commit that first has the line. */
  readonly since: string;
  /** The path of a delete file, or `prune`. */
  readonly reason: string;
  /** Why it waits, for people. */
  readonly held?: string;
}

/** A mirrored operator catalog: its CatalogSource and ClusterCatalog. */
export interface LockedCatalog {
  readonly destination: string;
  /** Of its resources, without `cs-` or `cc-`; given once and kept. */
  readonly name: string;
  readonly source: string;
  /** What the source was when it was last resolved, though it may be that what was made of it could not be published. */
  readonly sourceDigest: Digest;
  /** Of all that the built image is made from; absent: the catalog is an unmodified copy. */
  readonly inputs?: Digest;
  /** Bundles that the filter selects and the published catalog leaves out, since they are incomplete. */
  readonly without?: readonly string[];
  /** The path of its CatalogSource template, which has a line in `configurations`. */
  readonly template?: string;
}

/** A bundle of a mirrored catalog, with the places of all that it needs. */
export interface LockedBundle {
  /** The catalog's destination. */
  readonly catalog: string;
  readonly package: string;
  readonly bundle: string;
  readonly version: string;
  readonly channels: readonly string[];
  /** Destinations: the bundle's own image and its related images. */
  readonly images: readonly string[];
  /** The published catalog lists it no longer; the line stays as long as one of the images is there. */
  readonly unlisted?: true;
}

/** A mirrored OpenShift or OKD release. Its components are the images tagged `RELEASE-COMPONENT`. */
export interface LockedRelease {
  /** The payload's tag, e.g. `4.18.9-x86_64`. */
  readonly release: string;
  readonly payload: Digest;
  /** Channels that chose it; empty where an image set names it itself. */
  readonly channels: readonly string[];
  /** Of the signature's bytes; absent where the settings take the payload unsigned. */
  readonly signature?: Digest;
}

/**
 * Reads a lock; `path` is for messages. The order of lines does not count, every field does.
 * @throws ControllerError LOCK_INVALID, with path, line and reason.
 */
export function parseLock(path: string, text: string): Lock {
  const { readValue, readList } = lockReader(path, text);
  const once = refuseTwice();
  const digestOf = new Map<string, Digest>();
  return {
    version: readValue('version', z.literal(1)),
    mirror: readValue('mirror', z.string().min(1)),
    destination: readValue('destination', DestinationText),
    source: readValue('source', SourceLine),
    configurations: readList('configurations', ConfigurationLine, (line) =>
      once(`configuration ${line.path}`),
    ),
    deletions: readList('deletions', DeletionLine, (line) => once(`deletion ${line.path}`)),
    images: readList('images', ImageLine, ({ destination, digest, source }) => {
      const other = digestOf.get(destination) ?? digest;
      digestOf.set(destination, digest);
      if (other !== digest) return `${destination} has another digest in another line, ${other}`;
      return once(`image ${destination} from ${source}`);
    }),
    deleting: readList('deleting', DeletingLine, ({ destination, source }) =>
      once(`image ${destination} from ${source}`),
    ),
    catalogs: readList(
      'catalogs',
      CatalogLine,
      ({ destination, name }) => once(`catalog ${destination}`) ?? once(`catalog name ${name}`),
    ),
    bundles: readList('bundles', BundleLine, ({ bundle, package: name, catalog }) =>
      once(`bundle ${bundle} of package ${name} of catalog ${catalog}`),
    ),
    releases: readList('releases', ReleaseLine, ({ release }) => once(`release ${release}`)),
  };
}

/** The file's text, sorted: the same lock gives the same bytes, whatever the order of its lines. */
export function formatLock(lock: Lock): string {
  const { commit, branch } = lock.source;
  const head = [
    `version: ${lock.version}`,
    `mirror: ${formatHead(lock.mirror)}`,
    `destination: ${formatHead(lock.destination)}`,
    `source: ${formatLine({ commit, branch })}`,
  ];
  return [...head, ...formatLists(lock), ''].join('\n');
}

/** A check that says so when it meets a name again. */
function refuseTwice(): (name: string) => string | undefined {
  const seen = new Set<string>();
  return (name) => {
    const { size } = seen;
    return seen.add(name).size === size ? `${name} is there twice` : undefined;
  };
}
