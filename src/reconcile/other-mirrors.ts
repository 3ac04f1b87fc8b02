import type { ControllerError } from '../base/controller-error.ts';
import type { Lock } from '../lock/lock.ts';
import type { ImageKind } from '../lock/wanted-image.ts';
import { absolutePlace, formatPlace, parseDestination } from '../oci/destination.ts';
import { isCarriedOut } from '../plan/carried-out.ts';
import type { OtherMirror, PlannedFile } from '../plan/plan-input.ts';

/** A lock of the manifests branch: whose it is, and what it says. */
export interface BranchLock {
  /** The folder that it is in; '' for the root. */
  readonly folder: string;
  readonly path: string;
  readonly text: string;
  /** Undefined where it cannot be read, for the reason in `error`. */
  readonly lock: Lock | undefined;
  readonly error: ControllerError | undefined;
}

/** A mirror of the settings, with what its files say at the commit. */
export interface KnownMirror {
  readonly name: string;
  readonly output: string;
  readonly host: string;
  /** What its files say; undefined where they are wrong. */
  readonly files: KnownFiles | undefined;
}

/** Places are as `formatPlace` writes them. */
export interface KnownFiles {
  /** Those of additional images: files alone say nothing of what a catalog lists. */
  readonly wants: () => readonly string[];
  /** The files that want operator catalogs or releases: what these name only their mirror's own pass finds out. */
  readonly listingFiles: ReadonlySet<string>;
  /** What delete files name, operators chosen among the mirror's own lock. */
  readonly deletions: (
    lock: Lock | undefined,
  ) => readonly (PlannedFile & { readonly places: readonly string[] })[];
}

/** Wants everything: of a lock that cannot be read nobody knows what it wants (deletes fail closed). */
const EVERYTHING = { has: () => true };

/**
 * The other mirrors at a mirror's registry and what they want (design.md, section 5, "Deletes"): of a mirror that
 * the settings know what its files at the commit want, and what its lock says of files whose entries fail and of the
 * catalogs and releases that they want; of any other, and of one whose files are wrong, what its lock says.
 */
export function otherMirrors(
  mirror: { readonly name: string; readonly host: string; readonly output: string },
  known: readonly KnownMirror[],
  locks: readonly BranchLock[],
): OtherMirror[] {
  const others: OtherMirror[] = [];
  const lockIn = new Map(locks.map((lock) => [lock.folder, lock]));
  for (const { name, host, output, files } of known) {
    if (name === mirror.name || host !== mirror.host) continue;
    const found = lockIn.get(output);
    if (found !== undefined && found.lock === undefined) {
      others.push({ name, wants: EVERYTHING, deletes: new Set() });
      continue;
    }
    const lock = found?.lock;
    const locked = placesOf(lock, host);
    const wants =
      files === undefined
        ? locked.wants
        : [...files.wants(), ...incomplete(lock, host), ...listed(lock, host, files)];
    const deletes = (files?.deletions(lock) ?? [])
      .filter((file) => !isCarriedOut(file, lock?.deletions ?? []))
      .flatMap(({ places }) => places);
    others.push({
      name,
      wants: new Set(wants),
      deletes: new Set([...locked.deletes, ...deletes]),
    });
  }
  const outputs = new Set([mirror.output, ...known.map(({ output }) => output)]);
  for (const { folder, path, lock } of locks) {
    if (outputs.has(folder)) continue;
    if (lock === undefined) {
      others.push({
        name: `of ${path}, which cannot be read`,
        wants: EVERYTHING,
        deletes: new Set(),
      });
    } else if (hostOf(lock) === mirror.host) {
      const { wants, deletes } = placesOf(lock, mirror.host);
      others.push({ name: lock.mirror, wants: new Set(wants), deletes: new Set(deletes) });
    }
  }
  return others;
}

/** Whether a lock speaks of a registry; one that cannot be read may. */
export function isAtHost({ lock }: BranchLock, host: string): boolean {
  return lock === undefined || hostOf(lock) === host;
}

function hostOf(lock: Lock): string {
  return parseDestination(lock.destination).host;
}

function placesOf(lock: Lock | undefined, host: string): { wants: string[]; deletes: string[] } {
  if (lock === undefined || hostOf(lock) !== host) return { wants: [], deletes: [] };
  const wanted = lock.images.filter(({ wantedBy }) => wantedBy.length > 0);
  return { wants: texts(lock, wanted), deletes: texts(lock, lock.deleting) };
}

/** What files want whose entries failed when the lock was written: as long as they do, it stays wanted. */
function incomplete(lock: Lock | undefined, host: string): string[] {
  if (lock === undefined || hostOf(lock) !== host) return [];
  const files = new Set(
    lock.configurations.filter((file) => file.incomplete === true).map(({ path }) => path),
  );
  return texts(
    lock,
    lock.images.filter(({ wantedBy }) => wantedBy.some((path) => files.has(path))),
  );
}

const LISTED_KINDS: ReadonlySet<ImageKind> = new Set([
  ...(['catalog', 'bundle', 'related-image'] as const),
  ...(['release', 'release-component', 'graph'] as const),
]);

/**
 * What a mirror has of the catalogs and releases that its files want. What it will want of them only its own pass finds out, so all
 * that it wanted when its lock was written counts, whatever its filters and file names are now: it gives that up in its
 * next pass. A mirror without a lock has mirrored none yet, and wants no more than its files name.
 */
function listed(lock: Lock | undefined, host: string, { listingFiles }: KnownFiles): string[] {
  if (lock === undefined || hostOf(lock) !== host || listingFiles.size === 0) return [];
  return texts(
    lock,
    lock.images.filter(
      ({ kind, wantedBy }) =>
        wantedBy.some((path) => listingFiles.has(path)) ||
        (wantedBy.length > 0 && LISTED_KINDS.has(kind)),
    ),
  );
}

function texts(lock: Lock, lines: readonly { readonly destination: string }[]): string[] {
  const destination = parseDestination(lock.destination);
  return lines.flatMap((line) => {
    const place = absolutePlace(line.destination, destination);
    return place === undefined ? [] : [formatPlace(place)];
  });
}
