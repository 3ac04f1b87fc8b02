import { ControllerError } from '../base/controller-error.ts';
import { isObjectId, isRefName } from './git-ref.ts';
import type { GitTransport } from './git-transport.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * The commit that people mean by a branch, a tag, a full ref (`refs/pull/7/head`) or a commit id, which may
 * be abbreviated; fetched. A branch goes before a tag of that name. Throws `GIT_NOT_FOUND`.
 */
export async function fetchRevision(
  transport: GitTransport,
  objects: ObjectStore,
  revision: string,
  display: string,
  signal: AbortSignal,
): Promise<string> {
  if (isRefName(revision)) {
    const candidates = revision.startsWith('refs/')
      ? [revision]
      : [`refs/heads/${revision}`, `refs/tags/${revision}`];
    const found = await transport.listRefs(candidates, signal);
    const ref = candidates.find((candidate) => found.has(candidate));
    if (ref !== undefined) {
      const object = await transport.fetch(ref, { shallow: true }, signal);
      objects.refresh();
      return objects.peelToCommit(object);
    }
  }
  const commit = /^[0-9a-f]{4,40}$/.test(revision)
    ? await fetchCommit(transport, objects, revision, signal)
    : undefined;
  if (commit !== undefined) return commit;
  throw new ControllerError('GIT_NOT_FOUND', `${display} has no ${JSON.stringify(revision)}`, {
    remedy: 'wait-for-change',
    hint: 'Name a branch, a tag, a full ref (refs/…) or a commit of the source repository.',
  });
}

async function fetchCommit(
  transport: GitTransport,
  objects: ObjectStore,
  id: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (isObjectId(id)) {
    if ((await objects.findCommit(id)) !== undefined) return id;
    try {
      const object = await transport.fetch(id, { shallow: true }, signal);
      objects.refresh();
      return await objects.peelToCommit(object);
    } catch (error) {
      // Older servers hand out only what a ref names.
      if (!(error instanceof ControllerError) || error.code !== 'GIT_NOT_FOUND') throw error;
    }
  }
  await transport.fetchEverything(signal);
  objects.refresh();
  const full = await objects.expandId(id);
  if (full === undefined || (await objects.findCommit(full)) === undefined) return undefined;
  return full;
}
