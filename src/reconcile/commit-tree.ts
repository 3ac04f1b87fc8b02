import { ControllerError } from '../base/controller-error.ts';
import type { GitRepository } from '../git/git-repository.ts';
import { type FileTree, tooLarge } from './file-tree.ts';

/** The files of a commit, which has to be fetched. */
export function commitTree(repository: GitRepository, commit: string): FileTree {
  return {
    name: `commit ${commit}`,
    async list(path, signal) {
      const files = await repository.listFiles(commit, path === '' ? '.' : path, signal);
      return files?.map(({ path: file, kind, objectId }) => ({ path: file, kind, blob: objectId }));
    },
    async read({ path }, limitBytes, signal) {
      const file = await repository.readFile(commit, path, limitBytes, signal);
      if (file.kind === 'file') return Buffer.from(file.content).toString('utf8');
      if (file.kind === 'too-large') throw tooLarge(limitBytes);
      throw new ControllerError('IMAGESET_INVALID', `this is a ${file.kind}, not a file`, {
        remedy: 'wait-for-change',
        hint: 'Put the file itself there.',
      });
    },
  };
}
