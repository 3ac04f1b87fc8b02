import { formatPlace } from '../oci/destination.ts';
import type { MirrorSettings } from '../settings/settings.ts';
import type { FileTree } from './file-tree.ts';
import type { ManifestsBranch } from './manifests-branch.ts';
import { namedPlaces } from './named-places.ts';
import type { KnownMirror } from './other-mirrors.ts';
import type { HostContext, PassContext, SourceCommit } from './pass-context.ts';
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
  { source, branch, tree }: PassSubject,
  { isResync, lost }: Pick<PassOptions, 'isResync' | 'lost'>,
  signal: AbortSignal,
): Promise<(mirror: MirrorSettings) => PassContext> {
  const { settings, ends, progressOf, clock, log, stopping } = dependencies;
  const isOnly = settings.mirrors.length === 1;
  const read = new Map<string, MirrorFiles>();
  for (const { name, paths } of settings.mirrors)
    read.set(name, await readMirrorFiles(tree, paths, signal));
  const known = settings.mirrors.map((mirror) => knownMirror(mirror, read.get(mirror.name)));
  const hosts = new Map<string, HostContext>();
  return (mirror) => {
    const { host: name } = mirror.destination;
    const host = hosts.get(name) ?? { digests: new Map(), suspects: new Set() };
    hosts.set(name, host);
    return {
      ...{
        mirror,
        transfer: settings.transfer,
        source,
        known,
        branch,
        host,
        ends,
        clock,
        stopping,
        isResync,
      },
      progress: progressOf(isOnly ? undefined : mirror.name),
      files: read.get(mirror.name) ?? NO_FILES,
      lost: lost?.get(mirror.name) ?? new Set(),
      log: log.child({ mirror: mirror.name }),
    };
  };
}

const NO_FILES: MirrorFiles = {
  documents: [],
  configurations: [],
  deletions: [],
  problems: [],
  warnings: [],
};

/** A mirror of the settings, as other mirrors at its registry have to know it. */
function knownMirror(mirror: MirrorSettings, files: MirrorFiles | undefined): KnownMirror {
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
