import type { ControllerError } from '../base/controller-error.ts';
import type { FieldProblem } from '../base/field-problem.ts';
import type { EntryFailure } from '../lock/entry-failure.ts';
import type { CatalogTally } from '../plan/catalog-tallies.ts';
import type { HeldDelete } from '../plan/plan.ts';
import type { ReleaseTally } from '../plan/release-tallies.ts';

/**
 * How a mirror's pass ended (design.md, section 5). `Applied`: something was done, and all that is wanted is
 * there. `Unchanged`: nothing was to do. `Degraded`: something wanted is not there as wanted. `Stalled`: the
 * files or the lock are wrong, and nothing was done.
 */
export type MirrorState = 'Applied' | 'Unchanged' | 'Degraded' | 'Stalled';

/** What a pass did for one mirror. */
export interface MirrorReport {
  readonly mirror: string;
  readonly state: MirrorState;
  /** The source commit that the pass read. */
  readonly sourceCommit: string;
  /** The manifests commits that it made, oldest first. */
  readonly commits: readonly string[];
  /** Lines of the lock that came, that went, that are there now. */
  readonly images: { readonly added: number; readonly gone: number; readonly total: number };
  /** What became of the operator catalogs that it changed. */
  readonly catalogs: readonly CatalogTally[];
  /** What became of the releases that it changed. */
  readonly releases: readonly ReleaseTally[];
  /** Bytes that went to the destination. */
  readonly bytesSent: number;
  /** Places deleted at the registry. */
  readonly deleted: number;
  /** Of a `Stalled` mirror: what is wrong, with positions. */
  readonly problems: readonly FieldProblem[];
  /** Of a `Stalled` mirror: what is wrong beside its files (the lock, the settings). */
  readonly error?: ControllerError;
  /** Of a `Degraded` mirror. */
  readonly failures: readonly EntryFailure[];
  readonly held: readonly HeldDelete[];
  readonly warnings: readonly string[];
  /** Deletes wait for their grace or for a registry: there is something to do without a new commit. */
  readonly unfinished: boolean;
  /** Nothing was to do, and will be until a branch or the settings change. */
  readonly settled: boolean;
}

/** What a pass over all mirrors did. */
export interface PassReport {
  readonly mirrors: readonly MirrorReport[];
  /** Mirrors whose pass could not be made or published at all (Git, registry access). */
  readonly errors: readonly { readonly mirror: string; readonly error: unknown }[];
}

/**
 * The exit code of `run --once` (design.md, section 6): 0 when every mirror is `Applied` or `Unchanged`, 3 when one
 * is `Degraded`, 4 when one is `Stalled`, 1 when a pass could not be made or published; of several the first of
 * 1, 4, 3.
 */
export function exitCodeOf(report: PassReport): 0 | 1 | 3 | 4 {
  if (report.errors.length > 0) return 1;
  const states = new Set(report.mirrors.map(({ state }) => state));
  if (states.has('Stalled')) return 4;
  return states.has('Degraded') ? 3 : 0;
}
