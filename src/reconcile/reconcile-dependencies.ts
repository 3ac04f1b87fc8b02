import type { Log } from '../base/log.ts';
import type { GitRepository } from '../git/git-repository.ts';
import type { ProgressSink } from '../mirror/progress-sink.ts';
import type { ReleaseSources } from '../release/release-sources.ts';
import type { Settings } from '../settings/settings.ts';
import type { Ends } from './ends.ts';
import type { QuietPasses } from './quiet-passes.ts';

/** What passes are made with, for all of a process. */
export interface ReconcileDependencies {
  readonly settings: Settings;
  readonly sourceGit: GitRepository;
  /** The same object where both branches are in one repository: then one look-up tells both heads. */
  readonly manifestsGit: GitRepository;
  readonly ends: Ends;
  readonly releases: ReleaseSources;
  /** Absent: every pass reads what it is about. */
  readonly quietPasses?: QuietPasses;
  /** The progress of a mirror's passes; named where there are several mirrors. */
  readonly progressOf: (mirror: string | undefined) => ProgressSink;
  readonly clock: () => Date;
  readonly log: Log;
  /** Aborted when no further image may start; what is in flight is finished until `signal` is aborted too. */
  readonly stopping: AbortSignal;
  /** Waits before a push is tried again, so many milliseconds; tests need not. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface PassOptions {
  /** Whether tags are looked up again that locks know. */
  readonly isResync: boolean;
  /** Only these mirrors; undefined: all. */
  readonly only?: ReadonlySet<string>;
  /** By mirror: destinations that are gone and could not be healed. */
  readonly lost?: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Where the two branches are. */
export interface Heads {
  readonly source: string;
  readonly manifests: string | undefined;
}
