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
    async *read(files, limitBytes, signal) {
      const listed = files.map(({ blob, ...file }) => ({ ...file, objectId: blob }));
      for await (const { file, content } of repository.readFiles(listed, limitBytes, signal)) {
        const { objectId, ...rest } = file;
        const text = content === undefined ? undefined : Buffer.from(content).toString('utf8');
        yield { file: { ...rest, blob: objectId }, text };
      }
    },
  };
}
