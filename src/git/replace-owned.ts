import { ControllerError } from '../base/controller-error.ts';
import { blobIdOf } from './blob-id.ts';
import { pathSegments } from './folder-path.ts';
import type { ObjectStore } from './object-store.ts';
import { kindOfMode, nameToText, textToName, type TreeEntry } from './tree-object.ts';

/** What a folder of the manifests branch shall hold where it is ours. */
export interface OwnedFolder {
  /** From the root of the repository; `.` is the root. */
  readonly path: string;
  /** Names directly in the folder that are ours: `imageset.lock`, with a slash at the end a folder: `resources/`. */
  readonly owned: readonly string[];
  /** The files that shall be there, by path relative to the folder. Each is or lies in something owned. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
}

/**
 * A tree equal to another but for what is owned, which becomes exactly what the files say. Nothing else
 * changes by a byte. Returns the id of the new tree. Throws `GIT_INVALID` where something that is not ours
 * (a symlink, a submodule, a file for a folder) is in the way.
 */
export async function replaceOwned(
  objects: ObjectStore,
  rootTree: string | undefined,
  folder: OwnedFolder,
): Promise<string> {
  const root = rootTree === undefined ? [] : await objects.readTree(rootTree);
  const changed = await replaceIn(objects, root, pathSegments(folder.path), [], folder);
  return objects.writeTree(changed);
}

async function replaceIn(
  objects: ObjectStore,
  entries: readonly TreeEntry[],
  segments: readonly string[],
  walked: readonly string[],
  folder: OwnedFolder,
): Promise<TreeEntry[]> {
  const [segment, ...rest] = segments;
  if (segment === undefined) return replaceNames(objects, entries, folder);
  const path = [...walked, segment];
  const existing = entries.find(({ name }) => name === textToName(segment));
  if (existing !== undefined) refuseUnless('folder', existing, path.join('/'));
  const children = existing === undefined ? [] : await objects.readTree(existing.objectId);
  const changed = await replaceIn(objects, children, rest, path, folder);
  return withFolder(objects, entries, segment, changed);
}

async function replaceNames(
  objects: ObjectStore,
  entries: readonly TreeEntry[],
  folder: OwnedFolder,
): Promise<TreeEntry[]> {
  const wanted = group(folder);
  let result = [...entries];
  for (const owned of folder.owned) {
    const isFolder = owned.endsWith('/');
    const name = isFolder ? owned.slice(0, -1) : owned;
    const existing = entries.find((entry) => entry.name === textToName(name));
    const path = `${folder.path}/${name}`;
    if (existing !== undefined) refuseUnless(isFolder ? 'folder' : 'file', existing, path);
    const files = wanted.get(name) ?? new Map<string, string | Uint8Array>();
    const there = existing === undefined ? NOTHING : await blobsBelow(objects, existing);
    if (isFolder) {
      const children = await buildFolder(objects, files, there);
      result = await withFolder(objects, result, name, children);
      continue;
    }
    result = result.filter((entry) => entry.name !== textToName(name));
    const content = files.get('');
    if (content !== undefined) result.push(await fileEntry(objects, name, content, there));
  }
  return result;
}

/** The files by the owned name they belong to; of a file that is owned itself the rest of the path is empty. */
function group(folder: OwnedFolder): Map<string, Map<string, string | Uint8Array>> {
  const groups = new Map<string, Map<string, string | Uint8Array>>();
  for (const [path, content] of folder.files) {
    const [first = '', ...rest] = pathSegments(path);
    if (!folder.owned.includes(rest.length === 0 ? first : `${first}/`)) {
      throw new RangeError(`${path} is in nothing that is owned`);
    }
    const files = groups.get(first) ?? new Map<string, string | Uint8Array>();
    groups.set(first, files.set(rest.join('/'), content));
  }
  return groups;
}

const NOTHING: ReadonlySet<string> = new Set();

/** The ids of the files that are or lie in an entry: what is there need not be written again. */
async function blobsBelow(objects: ObjectStore, entry: TreeEntry): Promise<ReadonlySet<string>> {
  const kind = kindOfMode(entry.mode);
  if (kind === 'file') return new Set([entry.objectId]);
  if (kind !== 'folder') return NOTHING;
  const ids = new Set<string>();
  for (const child of await objects.readTree(entry.objectId)) {
    for (const id of await blobsBelow(objects, child)) ids.add(id);
  }
  return ids;
}

async function buildFolder(
  objects: ObjectStore,
  files: ReadonlyMap<string, string | Uint8Array>,
  there: ReadonlySet<string>,
): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const folders = new Map<string, Map<string, string | Uint8Array>>();
  for (const [path, content] of files) {
    const [first = '', ...rest] = pathSegments(path);
    if (rest.length === 0) {
      entries.push(await fileEntry(objects, first, content, there));
    } else {
      const inner = folders.get(first) ?? new Map<string, string | Uint8Array>();
      folders.set(first, inner.set(rest.join('/'), content));
    }
  }
  for (const [name, inner] of folders) {
    const objectId = await objects.writeTree(await buildFolder(objects, inner, there));
    entries.push({ mode: '40000', name: textToName(name), objectId });
  }
  return entries;
}

/** The entries with a folder of that name holding `children`; Git knows no empty folders, so then without. */
async function withFolder(
  objects: ObjectStore,
  entries: readonly TreeEntry[],
  name: string,
  children: readonly TreeEntry[],
): Promise<TreeEntry[]> {
  const others = entries.filter((entry) => entry.name !== textToName(name));
  if (children.length === 0) return others;
  const objectId = await objects.writeTree(children);
  return [...others, { mode: '40000', name: textToName(name), objectId }];
}

async function fileEntry(
  objects: ObjectStore,
  name: string,
  content: string | Uint8Array,
  there: ReadonlySet<string>,
): Promise<TreeEntry> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const id = blobIdOf(bytes);
  const objectId = there.has(id) ? id : await objects.writeBlob(bytes);
  return { mode: '100644', name: textToName(name), objectId };
}

function refuseUnless(wanted: 'file' | 'folder', entry: TreeEntry, path: string): void {
  const kind = kindOfMode(entry.mode);
  if (kind === wanted) return;
  throw new ControllerError(
    'GIT_INVALID',
    `${path.replace(/^\.\//, '')} in the manifests branch is a ${kind}, where ${nameToText(entry.name)} has to be a ${wanted}`,
    {
      remedy: 'wait-for-change',
      hint: 'Remove it from the branch, or choose another `output` folder for the mirror.',
    },
  );
}
