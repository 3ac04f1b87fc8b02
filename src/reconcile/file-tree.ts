import { ControllerError } from '../base/controller-error.ts';
import { formatBytes } from '../base/format-bytes.ts';

/** Files that configuration is read from: those of a commit, or of a folder on disk (`imageset plan --working-copy`). */
export interface FileTree {
  /** For messages: `commit 4f5e6d7…`, `the folder /srv/imagesets`. */
  readonly name: string;
  /**
   * What is at a path: the file itself, or every file below the folder, to any depth; undefined where there is
   * nothing. Symlinks and submodules are listed, not followed.
   */
  list(path: string, signal: AbortSignal): Promise<readonly TreeFile[] | undefined>;
  /** The content of a file. @throws ControllerError when it is longer than the limit. */
  read(file: TreeFile, limitBytes: number, signal: AbortSignal): Promise<string>;
}

export interface TreeFile {
  /** From the root of the tree, with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'symlink' | 'submodule';
  /** Git's id of its content. */
  readonly blob: string;
}

/** In the words of who reads the files of `validate`. */
export function tooLarge(limitBytes: number): ControllerError {
  return new ControllerError(
    'IMAGESET_INVALID',
    `the file is larger than ${formatBytes(limitBytes)}`,
    {
      remedy: 'wait-for-change',
      hint: 'Split it into several files; move it out of the folder if it is no image set.',
    },
  );
}
