import { ControllerError } from '../base/controller-error.ts';
import { formatBytes } from '../base/format-bytes.ts';
import type { GitRepository } from '../git/git-repository.ts';
import type { FileTree } from './file-tree.ts';

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
      const what =
        file.kind === 'too-large' ? `a file of ${formatBytes(file.bytes)}` : `a ${file.kind}`;
      throw new ControllerError(
        'IMAGESET_INVALID',
        `this is ${what}, over the limit of ${formatBytes(limitBytes)}`,
        {
          remedy: 'wait-for-change',
          hint: 'An image set is a small text file; move anything else out of the folder, or name the files in `paths`.',
        },
      );
    },
  };
}
