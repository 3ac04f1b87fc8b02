import { ControllerError } from '../base/controller-error.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import { commitTree } from './commit-tree.ts';
import { fetchSource } from './fetch-source.ts';
import { type ManifestsBranch, openManifestsBranch } from './manifests-branch.ts';
import { passOfMirror } from './mirror-pass.ts';
import { openContexts } from './open-contexts.ts';
import type { Heads, PassOptions, ReconcileDependencies } from './reconcile-dependencies.ts';
import type { MirrorReport, PassReport } from './pass-report.ts';

/** Looks at both branches: one look-up a repository. @throws ControllerError GIT_NOT_FOUND where the source branch does not exist. */
export async function lookAtHeads(
  { settings, sourceGit, manifestsGit }: ReconcileDependencies,
  signal: AbortSignal,
): Promise<Heads> {
  const { source, manifests } = settings;
  const isOne = sourceGit === manifestsGit;
  const [first, second] = await Promise.all([
    sourceGit.lookUp(isOne ? [source.branch, manifests.branch] : [source.branch], signal),
    isOne ? undefined : manifestsGit.lookUp([manifests.branch], signal),
  ]);
  const commit = first.get(source.branch);
  if (commit === undefined) {
    throw new ControllerError(
      'GIT_NOT_FOUND',
      `${sourceGit.display} has no branch ${source.branch}`,
      {
        remedy: 'retry-later',
        hint: 'Push the branch, or correct source.branch or source.url in the settings.',
      },
    );
  }
  return { source: commit, manifests: (second ?? first).get(manifests.branch) };
}

/**
 * One pass over all mirrors (design.md, section 5). Mirrors of one registry take turns in the order of the settings;
 * others run side by side, and a failing one does not stop another.
 * @throws ControllerError where no pass could be made at all (Git).
 */
export async function reconcileOnce(
  dependencies: ReconcileDependencies,
  heads: Heads,
  options: PassOptions,
  signal: AbortSignal,
): Promise<PassReport> {
  const { settings, sourceGit, quietPasses, log } = dependencies;
  const known = isOrdinary(options) ? await quietPasses?.find(settings, heads) : undefined;
  if (known !== undefined) {
    log.debug({ ...heads }, 'nothing changed since a pass that had nothing to do');
    return known;
  }
  const source = await fetchSource(dependencies, heads.source, signal);
  const branch = await openBranch(dependencies, heads.manifests, signal);
  const tree = commitTree(sourceGit, heads.source);
  const contextOf = await openContexts(dependencies, { source, branch, tree }, options, signal);
  const isChosen = ({ name }: MirrorSettings): boolean => options.only?.has(name) ?? true;
  const groups = Map.groupBy(
    settings.mirrors.filter(isChosen),
    ({ destination }) => destination.host,
  );
  const reports: MirrorReport[] = [];
  const errors: { mirror: string; error: unknown }[] = [];

  async function passOfHost(mirrors: readonly MirrorSettings[]): Promise<void> {
    for (const mirror of mirrors) {
      try {
        reports.push(await passOfMirror(contextOf(mirror), signal));
      } catch (error) {
        if (signal.aborted) throw error;
        errors.push({ mirror: mirror.name, error });
      }
    }
  }

  await settleAll([...groups.values()].map(passOfHost));
  const order = new Map(settings.mirrors.map(({ name }, index) => [name, index]));
  const place = ({ mirror }: { readonly mirror: string }): number => order.get(mirror) ?? 0;
  const report = {
    mirrors: reports.sort((a, b) => place(a) - place(b)),
    errors: errors.sort((a, b) => place(a) - place(b)),
  };
  const isQuiet =
    errors.length === 0 &&
    reports.every(({ settled, sourceCommit }) => settled && sourceCommit === heads.source) &&
    branch.head() === heads.manifests;
  if (isQuiet && isOrdinary(options)) await quietPasses?.remember(settings, heads, report);
  return report;
}

/** Whether a pass looks at all mirrors, and at nothing but the branches and the settings. */
function isOrdinary({ isResync, only, lost }: PassOptions): boolean {
  const isHealthy = [...(lost?.values() ?? [])].every(({ size }) => size === 0);
  return !isResync && only === undefined && isHealthy;
}

/** Opens the manifests branch at a head, fetched. */
export async function openBranch(
  {
    manifestsGit,
    settings,
    clock,
    log,
    pause,
  }: Pick<ReconcileDependencies, 'manifestsGit' | 'settings' | 'clock' | 'log' | 'pause'>,
  head: string | undefined,
  signal: AbortSignal,
): Promise<ManifestsBranch> {
  const { branch, author } = settings.manifests;
  const isHere = head === undefined || (await manifestsGit.hasCommit(head));
  const fetched = isHere
    ? head
    : await manifestsGit.fetchBranch(branch, { shallow: false }, signal);
  return openManifestsBranch({
    repository: manifestsGit,
    branch,
    head: fetched,
    author,
    clock,
    log,
    pause,
  });
}

/** Waits for all, then throws the first failure: nothing outlives the call that started it. */
async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
