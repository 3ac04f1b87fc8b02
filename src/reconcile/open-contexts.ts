import type { Digest } from '../oci/digest.ts';
import { formatPlace } from '../oci/destination.ts';
import type { NamedPlace } from '../plan/plan-input.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import { commitTree } from './commit-tree.ts';
import { fetchSource } from './fetch-source.ts';
import type { FileTree } from './file-tree.ts';
import type { ManifestsBranch } from './manifests-branch.ts';
import { deletionFiles, namedPlaces } from './named-places.ts';
import type { KnownMirror } from './other-mirrors.ts';
import type { PassContext, SourceCommit } from './pass-context.ts';
import { type MirrorFiles, readMirrorFiles } from './read-mirror-files.ts';
import type { PassOptions, ReconcileDependencies } from './reconcile-dependencies.ts';

/** What a pass is about: a commit with its files, and the head of the manifests branch. */
export interface PassSubject {
  readonly source: SourceCommit;
  readonly branch: ManifestsBranch;
  readonly tree: FileTree;
}

/**
 * Reads the files of every mirror of the settings, since what one wants holds the deletes of another, and returns
 * what makes the context of each.
 */
export async function openContexts(
  dependencies: ReconcileDependencies,
  subject: PassSubject,
  options: Pick<PassOptions, 'isResync' | 'lost'>,
  signal: AbortSignal,
): Promise<(mirror: MirrorSettings) => PassContext> {
  const pass: Pass = { dependencies, options, startedAt: dependencies.clock(), hosts: new Map() };
  return contextsAt(pass, subject, signal);
}

/** What stays the same when the source branch moves during a pass. */
interface Pass {
  readonly dependencies: ReconcileDependencies;
  readonly options: Pick<PassOptions, 'isResync' | 'lost'>;
  readonly startedAt: Date;
  /** Registry ⇒ the digests that were looked up for its mirrors. */
  readonly hosts: Map<string, PassContext['digests']>;
}

async function contextsAt(
  pass: Pass,
  { source, branch, tree }: PassSubject,
  signal: AbortSignal,
): Promise<(mirror: MirrorSettings) => PassContext> {
  const { dependencies, options, startedAt, hosts } = pass;
  const { settings, ends, releases, progressOf, clock, log, stopping } = dependencies;
  const isOnly = settings.mirrors.length === 1;
  const read = new Map<string, MirrorFiles>();
  for (const { name, paths } of settings.mirrors)
    read.set(name, await readMirrorFiles(tree, paths, signal));
  const known = settings.mirrors.map((mirror) => knownMirror(mirror, read.get(mirror.name)));
  return (mirror) => {
    const { host } = mirror.destination;
    const digests = hosts.get(host) ?? new Map<string, Promise<Digest>>();
    hosts.set(host, digests);
    const context: PassContext = {
      ...{ mirror, transfer: settings.transfer, source, known, branch },
      ...{ digests, startedAt, ends, releases, clock, stopping },
      isResync: options.isResync,
      progress: progressOf(isOnly ? undefined : mirror.name),
      files: read.get(mirror.name) ?? NO_FILES,
      lost: options.lost?.get(mirror.name) ?? new Set(),
      log: log.child({ mirror: mirror.name }),
      async renewed(renewSignal) {
        const renewed = await sourceNow(dependencies, source, renewSignal);
        if (renewed === source) return context;
        const commit = commitTree(dependencies.sourceGit, renewed.commit);
        const now = { source: renewed, branch, tree: commit };
        return (await contextsAt(pass, now, renewSignal))(mirror);
      },
    };
    return context;
  };
}

/** The commit that the source branch is at now; the one given where that is still so, or where the branch is gone. */
async function sourceNow(
  dependencies: ReconcileDependencies,
  source: SourceCommit,
  signal: AbortSignal,
): Promise<SourceCommit> {
  const { sourceGit } = dependencies;
  const commit = (await sourceGit.lookUp([source.branch], signal)).get(source.branch);
  if (commit === undefined || commit === source.commit) return source;
  return fetchSource(dependencies, commit, signal);
}

const NO_FILES: MirrorFiles = {
  documents: [],
  configurations: [],
  templates: new Map(),
  deletions: [],
  problems: [],
  warnings: [],
};

/** A mirror of the settings, as other mirrors at its registry have to know it. */
function knownMirror(mirror: MirrorSettings, files: MirrorFiles | undefined): KnownMirror {
  const { name, output, destination } = mirror;
  const base = { name, output, host: destination.host };
  if (files === undefined || files.problems.length > 0) return { ...base, files: undefined };
  const { documents } = files;
  const wanting = documents.filter(({ kind }) => kind === 'mirror');
  const textsOf = (places: readonly NamedPlace[]): string[] =>
    places.map(({ place }) => formatPlace(place));
  let wants: readonly string[] | undefined;
  return {
    ...base,
    files: {
      wants: () => (wants ??= textsOf(namedPlaces(wanting, destination))),
      listingFiles: new Set(
        wanting
          .filter(
            ({ content }) => (content.operators ?? []).length > 0 || content.platform !== undefined,
          )
          .map(({ path }) => path),
      ),
      deletions: (lock) =>
        deletionFiles({
          ...{ files: files.deletions, documents, destination, lock },
          catalogs: [], // What it wants of them is in its lock.
        }).files.map((file) => ({ ...file, places: textsOf(file.places) })),
    },
  };
}
