import { formatPlace, absolutePlace } from '../oci/destination.ts';
import type { Heads, ReconcileDependencies } from './reconcile-dependencies.ts';
import { openBranch } from './reconcile-once.ts';
import { healMirror, verifyMirror } from './verify-mirror.ts';

/**
 * The `verify` schedule: compares every mirror's registry with its lock and heals it by digest from the source
 * (design.md, section 5, "Triggers"). What cannot be healed is named in the log.
 *
 * @returns by mirror, the destinations that are gone and could not be healed.
 */
export async function verifyAndHeal(
  dependencies: ReconcileDependencies,
  heads: Heads,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { settings, ends, releases, progressOf, sourceGit } = dependencies;
  const branch = await openBranch(dependencies, heads.manifests, signal);
  const locks = await branch.locks(signal);
  const lost = new Map<string, ReadonlySet<string>>();
  for (const mirror of settings.mirrors) {
    const log = dependencies.log.child({ mirror: mirror.name });
    const lock = locks.find(({ folder }) => folder === mirror.output)?.lock;
    if (lock === undefined) continue;
    const progress = progressOf(settings.mirrors.length === 1 ? undefined : mirror.name);
    const context = { mirror, transfer: settings.transfer, ends, releases, progress, sourceGit };
    const differences = await verifyMirror(context, lock, signal);
    for (const { line, presence } of differences) {
      const place = absolutePlace(line.destination, mirror.destination);
      const name = place === undefined ? line.destination : formatPlace(place);
      log.warn(
        { place: name, digest: line.digest, found: presence.kind },
        'the registry is not as the lock says',
      );
    }
    if (differences.length === 0) continue;
    const unhealed = await healMirror(context, lock, differences, signal);
    for (const { line, error } of unhealed) {
      log.error(
        { place: line.destination, digest: line.digest, err: error },
        'an image could not be healed',
      );
    }
    // What nobody could look at may well be there: a registry that does not answer has lost nothing.
    const unseen = new Set(
      differences.filter(({ presence }) => presence.kind === 'unknown').map(({ line }) => line),
    );
    const gone = unhealed.filter(({ line }) => !unseen.has(line));
    lost.set(mirror.name, new Set(gone.map(({ line }) => line.destination)));
  }
  return lost;
}
