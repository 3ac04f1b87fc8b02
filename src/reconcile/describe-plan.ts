import { type Lock } from '../lock/lock.ts';
import { catalogChanges } from '../plan/catalog-changes.ts';
import { isSameState, nextLock, successOf } from '../plan/next-lock.ts';
import type { PlanReport } from '../plan/plan-report.ts';
import { releaseChanges } from '../plan/release-changes.ts';
import { isQuiet } from '../plan/plan.ts';
import { nodeImpact } from '../resources/node-impact.ts';
import { LOCK_FILE } from './manifests-branch.ts';
import { outputParts } from './output-parts.ts';
import type { PassContext } from './pass-context.ts';
import { preparePlan } from './prepare-plan.ts';
import { renderLockedFiles } from './render-output.ts';

/** A plan for people: with what its resources do to nodes, and whether a pass would change anything. */
export interface DescribedPlan {
  readonly report: PlanReport;
  readonly hasChanges: boolean;
  /** The lock that the pass would publish, were nothing to fail. */
  readonly next: Lock;
}

/** Plans a mirror without changing anything (design.md, section 7, `plan`). @throws ControllerError as `preparePlan` */
export async function describePlan(
  context: PassContext,
  signal: AbortSignal,
): Promise<DescribedPlan> {
  const prepared = await preparePlan(context, signal);
  const { plan, lock, warnings } = prepared;
  const next = nextLock(plan, lock, successOf(plan));
  const before = await context.branch.readFolder(context.mirror.output, signal);
  before.delete(LOCK_FILE);
  const parts = await outputParts(context, prepared);
  const { files: after } = renderLockedFiles(next, context.mirror, parts);
  const sameFiles =
    before.size === after.size && [...after].every(([path, text]) => before.get(path) === text);
  const sameLock = lock !== undefined && isSameState(next, lock);
  return {
    report: {
      plan,
      catalogs: catalogChanges(plan, lock),
      releases: releaseChanges(plan, lock),
      warnings: [...context.files.warnings, ...warnings],
      nodes: nodeImpact(resourcesIn(before), resourcesIn(after)),
    },
    hasChanges: !isQuiet(plan) || !sameFiles || !sameLock,
    next,
  };
}

/** The files of `resources/`, by name. */
function resourcesIn(files: ReadonlyMap<string, string>): Map<string, string> {
  const prefix = 'resources/';
  return new Map(
    [...files].flatMap(([path, text]) =>
      path.startsWith(prefix) ? [[path.slice(prefix.length), text]] : [],
    ),
  );
}
