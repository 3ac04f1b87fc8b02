import { ControllerError } from '../base/controller-error.ts';
import { pathSegments } from './folder-path.ts';
import type { ObjectStore } from './object-store.ts';
import {
  kindOfMode,
  nameToText,
  textToName,
  type TreeEntry,
  type TreeEntryKind,
} from './tree-object.ts';

/** Something in a commit that is no folder. Symlinks and submodules are told, never followed. */
export interface ListedFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly kind: Exclude<TreeEntryKind, 'folder'>;
  readonly objectId: string;
}

/**
 * How many entries of trees are looked at before a listing is given up: more than the largest repository of
 * manifests has, and little enough to be held in memory.
 */
export const MAX_LISTED_ENTRIES = 250_000;

/**
 * Everything below a path of a tree, to any depth, in Git's order; the path may also be a file. Undefined
 * where the tree does not have the path. Throws `GIT_INVALID` where there are more than `maxEntries`
 * entries: a repository of a few KiB can unfold to any number.
 */
export async function listFiles(
  objects: ObjectStore,
  tree: string,
  path: string,
  maxEntries: number,
  signal: AbortSignal,
): Promise<ListedFile[] | undefined> {
  const segments = pathSegments(path);
  const start = await findEntry(objects, tree, segments);
  if (start === undefined) return undefined;
  const files: ListedFile[] = [];
  let seen = 0;

  async function visit(entry: TreeEntry, entryPath: string): Promise<void> {
    signal.throwIfAborted();
    seen += 1;
    if (seen > maxEntries) {
      throw new ControllerError(
        'GIT_INVALID',
        `${path} has more than ${maxEntries} files and folders`,
        {
          remedy: 'wait-for-change',
          hint: 'Name the folders or files with image sets in `paths`, not all of the repository.',
        },
      );
    }
    const kind = kindOfMode(entry.mode);
    if (kind !== 'folder') {
      files.push({ path: entryPath, kind, objectId: entry.objectId });
      return;
    }
    for (const child of await objects.readTree(entry.objectId)) {
      const name = nameToText(child.name);
      await visit(child, entryPath === '' ? name : `${entryPath}/${name}`);
    }
  }

  await visit(start, segments.join('/'));
  return files;
}

/** The entry at a path of a tree; the root is a folder without name. Symlinks on the way are not followed. */
export async function findEntry(
  objects: ObjectStore,
  tree: string,
  segments: readonly string[],
): Promise<TreeEntry | undefined> {
  let entry: TreeEntry = { mode: '40000', name: '', objectId: tree };
  for (const segment of segments) {
    if (kindOfMode(entry.mode) !== 'folder') return undefined;
    const name = textToName(segment);
    const next = (await objects.readTree(entry.objectId)).find((child) => child.name === name);
    if (next === undefined) return undefined;
    entry = next;
  }
  return entry;
}
