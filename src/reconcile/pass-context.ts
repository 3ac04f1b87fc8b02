import type { Log } from '../base/log.ts';
import type { Digest } from '../oci/digest.ts';
import type { ProgressSink } from '../mirror/progress-sink.ts';
import type { MirrorSettings, Settings } from '../settings/settings.ts';
import type { ReleaseSources } from '../release/release-sources.ts';
import type { Ends } from './ends.ts';
import type { ManifestsBranch } from './manifests-branch.ts';
import type { KnownMirror } from './other-mirrors.ts';
import type { MirrorFiles } from './read-mirror-files.ts';

/** The source commit that a pass reads. */
export interface SourceCommit {
  readonly commit: string;
  readonly branch: string;
  /** The first line of its message: people's text. */
  readonly subject: string;
}

/** Everything that the pass of one mirror is made with. */
export interface PassContext {
  readonly mirror: MirrorSettings;
  readonly transfer: Settings['transfer'];
  readonly source: SourceCommit;
  readonly files: MirrorFiles;
  /** All mirrors of the settings, this one too. */
  readonly known: readonly KnownMirror[];
  readonly branch: ManifestsBranch;
  readonly ends: Ends;
  readonly releases: ReleaseSources;
  /** Digests that were looked up in this pass for mirrors of the registry, by source; nobody is asked twice. */
  readonly digests: Map<string, Promise<Digest>>;
  /** When the pass began. */
  readonly startedAt: Date;
  /** Whether tags are looked up again that the lock knows. */
  readonly isResync: boolean;
  /** Destinations of the lock that are gone from the registry and could not be healed. */
  readonly lost: ReadonlySet<string>;
  /** Aborted when no further image may start; what is in flight is finished. */
  readonly stopping: AbortSignal;
  readonly progress: ProgressSink;
  readonly clock: () => Date;
  readonly log: Log;
  /** The context at the head that the source branch has now; this one where the branch did not move. */
  renewed(signal: AbortSignal): Promise<PassContext>;
}
