import type { SourceCommit } from './pass-context.ts';
import type { ReconcileDependencies } from './reconcile-dependencies.ts';

/** Makes sure that the source commit is here, and tells what it is about. */
export async function fetchSource(
  { sourceGit, settings }: Pick<ReconcileDependencies, 'sourceGit' | 'settings'>,
  commit: string,
  signal: AbortSignal,
): Promise<SourceCommit> {
  const { branch } = settings.source;
  // The branch may have moved since it was looked at; the commit that was seen is what this pass is about.
  if (!(await sourceGit.hasCommit(commit)))
    await sourceGit.fetchBranch(branch, { shallow: true }, signal);
  if (!(await sourceGit.hasCommit(commit))) await sourceGit.fetchRevision(commit, signal);
  const { subject } = await sourceGit.readCommit(commit);
  return { commit, branch, subject };
}
