import { createHash } from 'node:crypto';
import type { Commit } from '../../src/git/commit-history.ts';
import type { GitRepository } from '../../src/git/git-repository.ts';

/** A remote Git repository in memory, with as many clones as wanted. Commits are shared, and never change. */
export interface MemoryGit {
  /** The remote's branches: name ⇒ commit. */
  readonly branches: ReadonlyMap<string, string>;
  /** Commits a person's change on the head of a branch; `undefined` removes a file. */
  commit(branch: string, changes: Readonly<Record<string, string | undefined>>): string;
  filesAt(commit: string): ReadonlyMap<string, string>;
  /** The commits from one back to the root, newest first. */
  ancestors(commit: string): readonly string[];
  /** Every commit that a clone was told is pushed, oldest first. */
  readonly pushed: readonly string[];
  /** What clones tried to push that does not follow what they expect there: each a defect of theirs, and refused. */
  readonly forced: readonly string[];
  /** @param before told of every call that asks the remote, before it is answered; throws to make it fail. */
  clone(before: (call: string) => Promise<void>): GitRepository;
}

type Files = ReadonlyMap<string, string>;

interface MemoryCommit extends Commit {
  readonly files: Files;
}

const PERSON = { name: 'Somebody', email: 'somebody@example.com' };

export function createMemoryGit(clock: () => Date): MemoryGit {
  const commits = new Map<string, MemoryCommit>();
  const branches = new Map<string, string>();
  const pushed: string[] = [];
  const forced: string[] = [];

  function get(id: string): MemoryCommit {
    const commit = commits.get(id);
    if (commit === undefined) throw new Error(`there is no commit ${id}`);
    return commit;
  }

  function add(
    parent: string | undefined,
    files: Files,
    {
      message,
      author,
      time,
    }: Pick<MemoryCommit, 'message'> & { author: typeof PERSON; time: Date },
  ): string {
    const tree = idOf(JSON.stringify([...files].sort()));
    const id = idOf(JSON.stringify([parent, tree, message, author.name, time]));
    const signature = { ...author, time };
    const parents = parent === undefined ? [] : [parent];
    const [subject = ''] = message.split('\n');
    commits.set(id, {
      ...{ id, tree, parents, message, subject, files, author: signature, committer: signature },
    });
    return id;
  }

  function clone(before: (call: string) => Promise<void>): GitRepository {
    const here = new Set<string>();
    function fetched(commit: string): string {
      for (const id of ancestorsOf(commit)) here.add(id);
      return commit;
    }
    function local(commit: string): MemoryCommit {
      if (!here.has(commit)) throw new Error(`commit ${commit} was not fetched`);
      return get(commit);
    }
    return {
      display: 'memory',
      async lookUp(names) {
        await before(`look up ${names.join()}`);
        return new Map(names.map((name) => [name, branches.get(name)]));
      },
      async fetchBranch(branch) {
        await before(`fetch ${branch}`);
        return fetched(branches.get(branch) ?? '');
      },
      async fetchRevision(revision) {
        await before(`fetch ${revision}`);
        return fetched(revision);
      },
      listFiles(commit, path) {
        const prefix = path === '.' ? '' : path.replace(/\/?$/, '/');
        const listed = [...local(commit).files]
          .filter(([file]) => file.startsWith(prefix) || file === path)
          .map(([file, text]) => ({ path: file, kind: 'file' as const, objectId: idOf(text) }));
        return Promise.resolve(listed.length === 0 ? undefined : listed);
      },
      async *readFiles(listed) {
        await Promise.resolve();
        const texts = [...commits.values()].flatMap(({ files }) => [...files.values()]);
        for (const file of listed) {
          const text = texts.find((candidate) => idOf(candidate) === file.objectId) ?? '';
          yield { file, content: Buffer.from(text) };
        }
      },
      readFile(commit, path) {
        const text = local(commit).files.get(path);
        if (text === undefined) return Promise.resolve({ kind: 'missing' });
        return Promise.resolve({ kind: 'file', objectId: idOf(text), content: Buffer.from(text) });
      },
      hasCommit: (commit) => Promise.resolve(here.has(commit)),
      readCommit: (commit) => Promise.resolve(local(commit)),
      async *history(head, path) {
        for (const id of ancestorsOf(head)) {
          await Promise.resolve();
          const { parents, files } = get(id);
          const [parent] = parents;
          const old = parent === undefined ? undefined : get(parent).files.get(path ?? '');
          if (path === undefined || files.get(path) !== old) yield get(id);
        }
      },
      findFirstCommitWith(head, path, predicate) {
        let first: Commit | undefined;
        for (const id of ancestorsOf(head)) {
          const text = get(id).files.get(path);
          if (text === undefined || !predicate(text)) break;
          first = get(id);
        }
        return Promise.resolve(first);
      },
      commitFiles({ parent, folders, message, author, time }) {
        const old: Files = parent === undefined ? new Map<string, string>() : local(parent).files;
        const files = new Map(old);
        for (const { path, owned, files: wanted } of folders) {
          const prefix = path === '.' ? '' : `${path}/`;
          for (const file of old.keys()) {
            const isOwned = owned.some((name) =>
              name.endsWith('/') ? file.startsWith(prefix + name) : file === prefix + name,
            );
            if (isOwned) files.delete(file);
          }
          for (const [file, text] of wanted) files.set(prefix + file, text.toString());
        }
        if (sameFiles(files, old)) return Promise.resolve({ kind: 'unchanged', commit: parent });
        const commit = add(parent, files, { message, author, time });
        here.add(commit);
        return Promise.resolve({ kind: 'committed', commit });
      },
      async push(branch, commit, expectedOld) {
        await before(`push ${branch}`);
        if (branches.get(branch) !== expectedOld) return 'rejected';
        if (local(commit).parents[0] !== expectedOld) {
          forced.push(commit);
          throw new Error('this would force');
        }
        branches.set(branch, commit);
        pushed.push(commit);
        return 'pushed';
      },
    };
  }

  function ancestorsOf(commit: string): string[] {
    const ids: string[] = [];
    for (let id: string | undefined = commit; id !== undefined; id = get(id).parents[0])
      ids.push(id);
    return ids;
  }

  return {
    branches,
    pushed,
    forced,
    clone,
    commit(branch, changes) {
      const head = branches.get(branch);
      const files = new Map(head === undefined ? [] : get(head).files);
      for (const [path, text] of Object.entries(changes)) {
        if (text === undefined) files.delete(path);
        else files.set(path, text);
      }
      // Two equal changes are two commits.
      const message = `A change by hand, after ${commits.size} commits`;
      const commit = add(head, files, { message, author: PERSON, time: clock() });
      branches.set(branch, commit);
      return commit;
    },
    filesAt: (commit) => get(commit).files,
    ancestors: ancestorsOf,
  };
}

function sameFiles(a: Files, b: Files): boolean {
  return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}

function idOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
