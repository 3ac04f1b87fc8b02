import { mkdir } from 'node:fs/promises';
import { runProgramOrThrow } from './run-program.ts';

/** The variables of a git that reads no configuration of this machine or its user. */
export const ISOLATED_GIT = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Somebody',
  GIT_AUTHOR_EMAIL: 'somebody@example.com',
  GIT_COMMITTER_NAME: 'Somebody',
  GIT_COMMITTER_EMAIL: 'somebody@example.com',
} as const;

/** A file of a commit: its text, or what it is instead. */
export type FixtureFile =
  | string
  | Uint8Array
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'submodule'; readonly commit: string }
  | { readonly kind: 'executable'; readonly text: string };

export interface CommitOptions {
  /** Whether files of the parent stay; default true. */
  readonly keep?: boolean;
  readonly message?: string;
  /** Of author and committer. */
  readonly time?: Date;
  /** Instead of the branch's head; null makes a commit without parent. */
  readonly parent?: string | null;
}

/** A bare repository in a folder, written to as its users would, but without a work tree. */
export interface GitFixture {
  readonly folder: string;
  /** `file://…` */
  readonly url: string;
  /** Commits files to a branch and returns the commit; `undefined` removes a file. */
  commit(
    branch: string,
    files: Readonly<Record<string, FixtureFile | undefined>>,
    options?: CommitOptions,
  ): Promise<string>;
  /** Runs git in the repository and returns what it printed, without the last line break. */
  git(parameters: readonly string[], input?: string): Promise<string>;
}

/** Makes an empty bare repository in a folder. */
export async function makeGitRepository(folder: string): Promise<GitFixture> {
  await mkdir(folder, { recursive: true });
  let calls = 0;

  async function run(
    parameters: readonly string[],
    environment: Record<string, string> = {},
    input?: string,
  ): Promise<string> {
    const output = await runProgramOrThrow('git', parameters, {
      folder,
      environment: { ...ISOLATED_GIT, ...environment, GIT_DIR: folder },
      ...(input === undefined ? {} : { input }),
    });
    return output.toString('utf8').replace(/\n$/, '');
  }

  async function objectOf(file: FixtureFile): Promise<{ mode: string; id: string }> {
    const blob = (text: string): Promise<string> => run(['hash-object', '-w', '--stdin'], {}, text);
    if (typeof file === 'string') return { mode: '100644', id: await blob(file) };
    if (file instanceof Uint8Array) {
      return { mode: '100644', id: await blob(Buffer.from(file).toString('utf8')) };
    }
    switch (file.kind) {
      case 'symlink':
        return { mode: '120000', id: await blob(file.target) };
      case 'submodule':
        return { mode: '160000', id: file.commit };
      case 'executable':
        return { mode: '100755', id: await blob(file.text) };
      default:
        return file satisfies never;
    }
  }

  await run(['init', '--quiet', '--bare', '--initial-branch=main', folder]);
  return {
    folder,
    url: `file://${folder}`,
    async commit(branch, files, { keep = true, message = 'Change files', time, parent } = {}) {
      calls += 1;
      const index = { GIT_INDEX_FILE: `${folder}/test-index-${calls}` };
      const heads = await run(['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`]);
      const head = parent === undefined ? heads : (parent ?? '');
      if (keep && head !== '') await run(['read-tree', head], index);
      for (const [path, file] of Object.entries(files)) {
        if (file === undefined) {
          await run(['update-index', '--index-info'], index, `0 ${'0'.repeat(40)}\t${path}\n`);
          continue;
        }
        const { mode, id } = await objectOf(file);
        await run(['update-index', '--add', '--cacheinfo', `${mode},${id},${path}`], index);
      }
      const tree = await run(['write-tree', '--missing-ok'], index);
      const date = `${Math.floor((time ?? new Date()).getTime() / 1000)} +0000`;
      const commit = await run(
        ['commit-tree', tree, ...(head === '' ? [] : ['-p', head]), '-m', message],
        { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      );
      await run(['update-ref', `refs/heads/${branch}`, commit]);
      return commit;
    },
    git: (parameters, input) => run(parameters, {}, input),
  };
}
