import { ControllerError } from '../base/controller-error.ts';

/**
 * One entry of a Git tree, exactly as stored: names are bytes and may be no UTF-8, modes of old repositories
 * may be odd. What we do not own is written back byte for byte, so nothing is normalised here.
 */
export interface TreeEntry {
  /** As stored: `100644`, `100755`, `120000`, `160000`, `40000`. */
  readonly mode: string;
  /** One character per byte (latin1), which loses nothing and compares as Git compares. */
  readonly name: string;
  readonly objectId: string;
}

export type TreeEntryKind = 'file' | 'folder' | 'symlink' | 'submodule';

/** The kind that a mode stands for. Source: gitformat-index(5), the object types of a mode. */
export function kindOfMode(mode: string): TreeEntryKind {
  switch (Number.parseInt(mode, 8) & 0o170000) {
    case 0o040000:
      return 'folder';
    case 0o120000:
      return 'symlink';
    case 0o160000:
      return 'submodule';
    default:
      return 'file';
  }
}

/** A tree entry's name for people and for comparison with paths of ours. */
export function nameToText(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** The reverse of `nameToText`. */
export function textToName(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Reads the content of a tree object. Throws `GIT_INVALID` for bytes that are no tree. */
export function parseTree(content: Uint8Array): TreeEntry[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const end = space < 0 ? -1 : bytes.indexOf(0x00, space);
    const mode = bytes.toString('latin1', at, Math.max(at, space));
    if (end < 0 || end + 21 > bytes.length || !/^[0-7]{5,6}$/.test(mode)) {
      throw new ControllerError('GIT_INVALID', 'a tree object cannot be read', {
        remedy: 'retry-later',
      });
    }
    entries.push({
      mode,
      name: bytes.toString('latin1', space + 1, end),
      objectId: bytes.toString('hex', end + 1, end + 21),
    });
    at = end + 21;
  }
  return entries;
}

/** The content of a tree object with these entries, in Git's order. */
export function formatTree(entries: readonly TreeEntry[]): Buffer {
  const sorted = entries.toSorted((a, b) => compareNames(sortKey(a), sortKey(b)));
  return Buffer.concat(
    sorted.flatMap(({ mode, name, objectId }) => [
      Buffer.from(`${mode} ${name}\0`, 'latin1'),
      Buffer.from(objectId, 'hex'),
    ]),
  );
}

// Git sorts a folder as if its name ended with a slash.
function sortKey({ mode, name }: TreeEntry): string {
  return kindOfMode(mode) === 'folder' ? `${name}/` : name;
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
