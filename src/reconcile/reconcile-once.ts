import { ControllerError } from '../base/controller-error.ts';
import type { Log } from '../base/log.ts';
import type { GitRepository } from '../git/git-repository.ts';
import type { ProgressSink } from '../mirror/progress-sink.ts';
import { formatPlace } from '../oci/destination.ts';
import type { MirrorSettings, Settings } from '../settings/settings.ts';
import { commitTree } from './commit-tree.ts';
import type { Ends } from './ends.ts';
import type { FileTree } from './file-tree.ts';
import { type ManifestsBranch, openManifestsBranch } from './manifests-branch.ts';
import { passOfMirror } from './mirror-pass.ts';
import { namedPlaces } from './named-places.ts';
import type { KnownMirror } from './other-mirrors.ts';
import type { HostContext, PassContext, SourceCommit } from './pass-context.ts';
import type { MirrorReport, PassReport } from './pass-report.ts';
import { type MirrorFiles, readMirrorFiles } from './read-mirror-files.ts';

/** What passes are made with, for all of a process. */
export interface ReconcileDependencies {
  readonly settings: Settings;
  readonly sourceGit: GitRepository;
  /** The same object where both branches are in one repository: then one look-up tells both heads. */
  readonly manifestsGit: GitRepository;
  readonly ends: Ends;
  readonly progress: ProgressSink;
  readonly clock: () => Date;
  readonly log: Log;
}

export interface PassOptions {
  /** Whether tags are looked up again that locks know. */
  readonly isResync: boolean;
  /** Only these mirrors; undefined: all. */
  readonly only?: ReadonlySet<string>;
}

/** Where the two branches are. */
export interface Heads {
  readonly source: string;
  readonly manifests: string | undefined;
}

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
        hint: 'Push the branch, or correct source.branch in the settings.',
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
  const { settings, sourceGit, log } = dependencies;
  const source = await fetchSource(dependencies, heads.source, signal);
  const branch = await openBranch(dependencies, heads.manifests, signal);
  const read = await readAllFiles(settings.mirrors, commitTree(sourceGit, heads.source), signal);
  const known = settings.mirrors.map((mirror) => knownMirror(mirror, read.get(mirror.name)));
  const isChosen = ({ name }: MirrorSettings): boolean => options.only?.has(name) ?? true;
  const groups = Map.groupBy(
    settings.mirrors.filter(isChosen),
    ({ destination }) => destination.host,
  );
  const reports: MirrorReport[] = [];
  const errors: { mirror: string; error: unknown }[] = [];

  async function passOfHost(mirrors: readonly MirrorSettings[]): Promise<void> {
    const host: HostContext = { digests: new Map(), suspects: new Set() };
    for (const mirror of mirrors) {
      const context: PassContext = {
        ...{ mirror, transfer: settings.transfer, source, known, branch, host },
        files: read.get(mirror.name) ?? NO_FILES,
        ends: dependencies.ends,
        isResync: options.isResync,
        progress: dependencies.progress,
        clock: dependencies.clock,
        log: log.child({ mirror: mirror.name }),
      };
      try {
        reports.push(await passOfMirror(context, signal));
      } catch (error) {
        if (signal.aborted) throw error;
        errors.push({ mirror: mirror.name, error });
      }
    }
  }

  await settleAll([...groups.values()].map(passOfHost));
  const order = new Map(settings.mirrors.map(({ name }, index) => [name, index]));
  const place = ({ mirror }: { readonly mirror: string }): number => order.get(mirror) ?? 0;
  return {
    mirrors: reports.sort((a, b) => place(a) - place(b)),
    errors: errors.sort((a, b) => place(a) - place(b)),
  };
}

const NO_FILES: MirrorFiles = {
  documents: [],
  configurations: [],
  deletions: [],
  problems: [],
  warnings: [],
};

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

/** Opens the manifests branch at a head, fetched. */
export async function openBranch(
  {
    manifestsGit,
    settings,
    clock,
    log,
  }: Pick<ReconcileDependencies, 'manifestsGit' | 'settings' | 'clock' | 'log'>,
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
  });
}

/** The files of every mirror, by its name. */
export async function readAllFiles(
  mirrors: readonly MirrorSettings[],
  tree: FileTree,
  signal: AbortSignal,
): Promise<Map<string, MirrorFiles>> {
  const read = new Map<string, MirrorFiles>();
  for (const { name, paths } of mirrors) read.set(name, await readMirrorFiles(tree, paths, signal));
  return read;
}

/** A mirror of the settings, as other mirrors at its registry have to know it. */
export function knownMirror(mirror: MirrorSettings, files: MirrorFiles | undefined): KnownMirror {
  const { name, output, destination } = mirror;
  const isWrong = files === undefined || files.problems.length > 0;
  const placesOf = (kind: 'mirror' | 'delete'): string[] =>
    namedPlaces(
      files?.documents.filter((document) => document.kind === kind) ?? [],
      destination,
    ).map(({ place }) => formatPlace(place));
  const places = isWrong ? undefined : { wants: placesOf('mirror'), deletes: placesOf('delete') };
  return { name, output, host: destination.host, places };
}

/** Waits for all, then throws the first failure: nothing outlives the call that started it. */
async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
