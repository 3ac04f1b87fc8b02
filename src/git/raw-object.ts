import fs from 'node:fs';
import git from 'isomorphic-git';

export interface RawObject {
  readonly type: string;
  readonly content: Uint8Array;
}

/*
 * isomorphic-git advises against its raw calls where a parsed form will do. Here it will not: its parser
 * normalises modes and decodes names, and what we do not own has to stay as it is, byte for byte.
 */
/* eslint-disable @typescript-eslint/no-deprecated */

/** Reads an object of a bare repository and checks its hash; throws isomorphic-git's `NotFoundError` and others. */
export async function readRawObject(
  folder: string,
  oid: string,
  cache: object = {},
): Promise<RawObject> {
  const result = await git.readObject({ fs, gitdir: folder, oid, format: 'content', cache });
  if (result.object instanceof Uint8Array) return { type: result.type, content: result.object };
  throw new TypeError(`object ${oid} was not read as bytes`);
}

/** Writes an object into a bare repository and returns its id. */
export async function writeRawObject(
  folder: string,
  type: 'blob' | 'tree' | 'commit',
  object: Uint8Array,
): Promise<string> {
  return git.writeObject({ fs, gitdir: folder, type, object, format: 'content' });
}
