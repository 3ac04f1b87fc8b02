import fs from 'node:fs';
import git from 'isomorphic-git';
import { ControllerError } from '../base/controller-error.ts';
import { systemReason } from '../base/system-reason.ts';
import { formatCommit, parseCommit, type CommitObject } from './commit-object.ts';
import { readRawObject, writeRawObject, type RawObject } from './raw-object.ts';
import { formatTree, parseTree, type TreeEntry } from './tree-object.ts';

/** The objects and refs of a bare repository, read and written by isomorphic-git. Ids are SHA-1 in hex. */
export interface ObjectStore {
  readCommit(commit: string): Promise<CommitObject>;
  /** Undefined where the commit is not here, as beyond the end of a shallow history. */
  findCommit(commit: string): Promise<CommitObject | undefined>;
  readTree(tree: string): Promise<TreeEntry[]>;
  readBlob(blob: string): Promise<Uint8Array>;
  writeBlob(content: Uint8Array): Promise<string>;
  writeTree(entries: readonly TreeEntry[]): Promise<string>;
  writeCommit(commit: CommitObject): Promise<string>;
  /** The commit that an object leads to: itself, or what an annotated tag names. */
  peelToCommit(object: string): Promise<string>;
  /** The full id of an abbreviated one, if exactly one object begins so. */
  expandId(prefix: string): Promise<string | undefined>;
  readRef(ref: string): Promise<string | undefined>;
  writeRef(ref: string, commit: string): Promise<void>;
  /** Forgets what is cached; to be called after objects came in. */
  refresh(): void;
}

/** Opens the objects of a bare repository; `onDamage` is told when one that must be there cannot be read. */
export function openObjectStore(folder: string, onDamage: () => void): ObjectStore {
  // isomorphic-git keeps what it read of packs in this object.
  let cache: object = {};

  async function read(objectId: string, type: string): Promise<Uint8Array> {
    const found = await readRaw(objectId);
    if (found.type === type) return found.content;
    throw damaged(objectId, `is a ${found.type}, not a ${type}`);
  }

  async function readRaw(objectId: string): Promise<RawObject> {
    try {
      return await readRawObject(folder, objectId, cache);
    } catch (error) {
      onDamage();
      throw damaged(objectId, 'cannot be read', error);
    }
  }

  async function write(type: 'blob' | 'tree' | 'commit', object: Uint8Array): Promise<string> {
    try {
      return await writeRawObject(folder, type, object);
    } catch (error) {
      const message = `${folder} in the state directory cannot be written: ${systemReason(error)}`;
      throw new ControllerError('STATE_UNAVAILABLE', message, {
        remedy: 'retry-later',
        hint: 'Check that the state directory is writable and has space left.',
        cause: error,
      });
    }
  }

  async function readCommit(commit: string): Promise<CommitObject> {
    const parsed = parseCommit(await read(commit, 'commit'));
    if (parsed === undefined) throw damaged(commit, 'is no commit');
    return parsed;
  }

  async function peelToCommit(object: string, depth = 0): Promise<string> {
    const { type, content } = await readRaw(object);
    if (type === 'commit') return object;
    const target = /^object ([0-9a-f]{40})$/m.exec(Buffer.from(content).toString('utf8'));
    if (type !== 'tag' || target?.[1] === undefined || depth > 10) {
      throw new ControllerError('GIT_NOT_FOUND', `${object} is a ${type} and leads to no commit`, {
        remedy: 'wait-for-change',
        hint: 'Name a branch, a tag of a commit, or a commit.',
      });
    }
    return peelToCommit(target[1], depth + 1);
  }

  async function readRef(ref: string): Promise<string | undefined> {
    try {
      return await git.resolveRef({ fs, gitdir: folder, ref });
    } catch {
      return undefined;
    }
  }

  return {
    readCommit,
    async findCommit(commit) {
      try {
        const { type, content } = await readRawObject(folder, commit, cache);
        return type === 'commit' ? parseCommit(content) : undefined;
      } catch (error) {
        if (error instanceof git.Errors.NotFoundError) return undefined;
        onDamage();
        throw damaged(commit, 'cannot be read', error);
      }
    },
    readTree: async (tree) => parseTree(await read(tree, 'tree')),
    readBlob: (blob) => read(blob, 'blob'),
    writeBlob: (content) => write('blob', content),
    writeTree: (entries) => write('tree', formatTree(entries)),
    writeCommit: (commit) => write('commit', formatCommit(commit)),
    peelToCommit: (object) => peelToCommit(object),
    async expandId(prefix) {
      try {
        return await git.expandOid({ fs, gitdir: folder, oid: prefix, cache });
      } catch {
        return undefined; // None, or several.
      }
    },
    readRef,
    async writeRef(ref, commit) {
      await git.writeRef({ fs, gitdir: folder, ref, value: commit, force: true });
    },
    refresh() {
      cache = {};
    },
  };
}

function damaged(objectId: string, what: string, cause?: unknown): ControllerError {
  return new ControllerError('GIT_INVALID', `Git object ${objectId} ${what}`, {
    remedy: 'retry-later',
    hint: 'The local copy of the repository is made again in the next pass.',
    cause,
  });
}
