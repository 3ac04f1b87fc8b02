/** Files that configuration is read from: those of a commit, or of a folder on disk (`imageset plan --working-copy`). */
export interface FileTree {
  /** For messages: `commit 4f5e6d7…`, `the folder /srv/imagesets`. */
  readonly name: string;
  /**
   * What is at a path: the file itself, or every file below the folder, to any depth; undefined where there is
   * nothing. Symlinks and submodules are listed, not followed.
   */
  list(path: string, signal: AbortSignal): Promise<readonly TreeFile[] | undefined>;
  /** The contents of files (no symlinks, no submodules), in the order given. */
  read(
    files: readonly TreeFile[],
    limitBytes: number,
    signal: AbortSignal,
  ): AsyncIterable<FileText>;
}

/** A file with its content, which is undefined where it is longer than the limit. */
export interface FileText {
  readonly file: TreeFile;
  readonly text: string | undefined;
}

export interface TreeFile {
  /** From the root of the tree, with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'symlink' | 'submodule';
  /** Git's id of its content. */
  readonly blob: string;
}
