import { ControllerError } from '../base/controller-error.ts';
import type { GitRepository } from '../git/git-repository.ts';
import { commitTree } from './commit-tree.ts';
import { type MirrorFiles, readMirrorFiles } from './read-mirror-files.ts';

/** The files of a mirror at a commit; undefined where a rewritten source does not have the commit any more. */
export async function filesAtCommit(
  sourceGit: GitRepository,
  commit: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<MirrorFiles | undefined> {
  try {
    await sourceGit.fetchRevision(commit, signal);
  } catch (error) {
    if (error instanceof ControllerError && error.code === 'GIT_NOT_FOUND') return undefined;
    throw error;
  }
  return readMirrorFiles(commitTree(sourceGit, commit), paths, signal);
}
