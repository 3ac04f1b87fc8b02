import type { ObjectStore } from './object-store.ts';
import { replaceOwned, type OwnedFolder } from './replace-owned.ts';

/** A commit to make on the manifests branch. */
export interface NewCommit {
  /** The head it follows; undefined for the first one of the branch. */
  readonly parent: string | undefined;
  readonly folders: readonly OwnedFolder[];
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly time: Date;
}

export type CommitResult =
  | { readonly kind: 'committed'; readonly commit: string }
  /** The tree would be that of the parent: nothing was written that anybody sees. */
  | { readonly kind: 'unchanged'; readonly commit: string | undefined };

/** The tree without entries, which every repository has. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/**
 * Makes a commit in which the owned parts of the folders are exactly the files given, and everything else
 * is as in the parent. Equal input gives the same commit id. Throws `GIT_INVALID` where something that is
 * not ours is in the way.
 */
export async function commitFiles(
  objects: ObjectStore,
  { parent, folders, message, author, time }: NewCommit,
): Promise<CommitResult> {
  const before = parent === undefined ? undefined : (await objects.readCommit(parent)).tree;
  let tree = before;
  for (const folder of folders) tree = await replaceOwned(objects, tree, folder);
  if (tree === undefined || tree === (before ?? EMPTY_TREE))
    return { kind: 'unchanged', commit: parent };
  const signature = { ...author, time };
  const commit = await objects.writeCommit({
    tree,
    parents: parent === undefined ? [] : [parent],
    author: signature,
    committer: signature,
    message,
  });
  return { kind: 'committed', commit };
}
