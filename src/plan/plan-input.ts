import type { EntryFailure } from '../lock/entry-failure.ts';
import type { Lock, LockedImage } from '../lock/lock.ts';
import type { WantedCatalog } from '../lock/wanted-catalog.ts';
import type { ImageKind, WantedImage, WantingEntry } from '../lock/wanted-image.ts';
import type { WantedRelease } from '../lock/wanted-release.ts';
import type { Descriptor, Platform } from '../oci/descriptor.ts';
import type { Destination, Place } from '../oci/destination.ts';
import type { Digest } from '../oci/digest.ts';

/** All that a plan is made of. Nothing in it is asked for while planning: `makePlan` is pure. */
export interface PlanInput {
  readonly mirror: string;
  readonly destination: Destination;
  /** The commit that is planned, and its branch. */
  readonly source: { readonly commit: string; readonly branch: string };
  /** The mirror's lock in the manifests branch; undefined for the first pass. */
  readonly lock: Lock | undefined;
  /** The image-set files of the commit. */
  readonly configurations: readonly PlannedFile[];
  /** The delete files of the commit, with the places that they name. */
  readonly deletions: readonly DeletionFile[];
  readonly wanted: readonly WantedImage[];
  /** The operator catalogs among them. */
  readonly catalogs: readonly WantedCatalog[];
  /** The releases among them. */
  readonly releases: readonly WantedRelease[];
  /** The places that the image-set files name, as `formatPlace` writes them, also those of entries that fail. */
  readonly named: Pick<ReadonlyMap<string, WantingEntry>, 'get'>;
  /** Entries that could not be resolved; what the lock says their files want stays wanted. */
  readonly failures: readonly EntryFailure[];
  /** What new or changed delete files name and is at the destination without being in the lock. */
  readonly found: readonly LockedImage[];
  readonly policy: DeletionPolicy;
  /** The other mirrors at this registry. */
  readonly others: readonly OtherMirror[];
  /** The blobs of an image, where its manifests are known; undefined where they are not. */
  readonly blobsOf: (
    digest: Digest,
    platforms: readonly Platform[] | undefined,
  ) => readonly Pick<Descriptor, 'digest' | 'size'>[] | undefined;
}

/** A file of the commit: path in the repository and Git's id of its content. */
export interface PlannedFile {
  readonly path: string;
  readonly blob: string;
}

export interface DeletionFile extends PlannedFile {
  readonly places: readonly NamedPlace[];
}

/** A place that an entry of a delete file names. */
export interface NamedPlace {
  readonly place: Place;
  /** The full reference that it names there, as `WantedImage.source`. */
  readonly source: string;
  readonly entry: WantingEntry;
  /** What the image is for; absent: an additional image. */
  readonly kind?: ImageKind;
  /** Why it cannot go yet, for people. */
  readonly waitsFor?: string;
}

/** How deletes are limited (design.md, section 6, `deletion`). */
export interface DeletionPolicy {
  readonly policy: 'explicit' | 'prune';
  readonly maxImages: number;
  /** Of the lines of `images`, from ten deletes on; 0 to 1. */
  readonly maxShare: number;
  /** Milliseconds between the commit that stops naming an image and its delete. */
  readonly graceMs: number;
  /** Whether `prune` takes images that a newer version replaced without a change of files. */
  readonly superseded: boolean;
  /** A plan with this hash may exceed the caps. */
  readonly approvedPlan: string | undefined;
}

/** Another mirror at the same registry, whether the settings know it or not (design.md, section 5, "Deletes"). */
export interface OtherMirror {
  readonly name: string;
  /** Places, as `formatPlace` writes them, that it wants. */
  readonly wants: Pick<ReadonlySet<string>, 'has'>;
  /** Places that it is deleting, or whose delete its files ask for. */
  readonly deletes: Pick<ReadonlySet<string>, 'has'>;
}
