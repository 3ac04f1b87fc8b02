import { LayerFault } from './layer-fault.ts';
import { LAYER_LIMITS } from './limits.ts';
import type { TarKind } from './tar-header.ts';

/**
 * What an entry of a layer means for the one folder that is read. Paths are below that folder. Whiteouts are
 * about the layers below alone. Source: OCI image-spec, layer.md, "Whiteouts" and "Opaque Whiteout".
 */
export type LayerMark =
  /** A file of the folder. */
  | { readonly kind: 'file'; readonly path: string }
  /** A directory of the folder: hides a file of its name. */
  | { readonly kind: 'directory'; readonly path: string }
  /** A link or device, which is never followed: hides what has its name, and what is below that. */
  | { readonly kind: 'other'; readonly path: string }
  /** `.wh.x`: hides x, and what is below it. */
  | { readonly kind: 'whiteout'; readonly path: string }
  /** `.wh..wh..opq`: hides what is below its directory. */
  | { readonly kind: 'opaque'; readonly path: string }
  /** Hides the whole folder. */
  | { readonly kind: 'hides-all' };

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Other names of the storage drivers of old. */
const DRIVER = '.wh..wh.';

/**
 * Undefined: the entry has nothing to do with the folder. `folder`: without slashes at its ends.
 * A `/` at the start of a path means the root of the image, as to the programs that run it.
 * @throws LayerFault for paths that leave the image or are too long
 */
export function markOf(path: string, kind: TarKind, folder: string): LayerMark | undefined {
  const parts = pathParts(path);
  const name = parts.at(-1);
  if (name === undefined) return undefined;
  if (!name.startsWith(WHITEOUT)) return markOfEntry(parts.join('/'), kind, folder);
  const directory = parts.slice(0, -1).join('/');
  if (name === OPAQUE) {
    if (contains(directory, folder)) return { kind: 'hides-all' };
    return isBelow(directory, folder)
      ? { kind: 'opaque', path: directory.slice(folder.length + 1) }
      : undefined;
  }
  const hidden = name.slice(WHITEOUT.length);
  if (name.startsWith(DRIVER) || hidden === '' || hidden === '.' || hidden === '..')
    return undefined;
  const target = [...parts.slice(0, -1), hidden].join('/');
  if (contains(target, folder)) return { kind: 'hides-all' };
  return isBelow(target, folder)
    ? { kind: 'whiteout', path: target.slice(folder.length + 1) }
    : undefined;
}

function markOfEntry(path: string, kind: TarKind, folder: string): LayerMark | undefined {
  if (isBelow(path, folder)) {
    const below = path.slice(folder.length + 1);
    if (below.includes('\uFFFD')) throw refused(path, 'is not UTF-8');
    return { kind, path: below };
  }
  return kind !== 'directory' && contains(path, folder) ? { kind: 'hides-all' } : undefined;
}

/** Whether the folder is the directory or lies in it. */
function contains(directory: string, folder: string): boolean {
  return directory === '' || directory === folder || isBelow(folder, directory);
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

/**
 * The parts of a path, without `.` and empty ones.
 * @throws LayerFault for paths that leave the root or are too long
 */
export function pathParts(path: string): string[] {
  if (path.length > LAYER_LIMITS.pathLength) throw refused(path, `has ${path.length} characters`);
  if (path.includes('\0')) throw refused(path, 'has a NUL in it');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refused(path, 'leads out of its folder');
  if (parts.length > LAYER_LIMITS.pathDepth)
    throw refused(path, `is more than ${LAYER_LIMITS.pathDepth} deep`);
  return parts;
}

function refused(path: string, why: string): LayerFault {
  return new LayerFault(`the path ${JSON.stringify(path.slice(0, 300))} ${why}`);
}
