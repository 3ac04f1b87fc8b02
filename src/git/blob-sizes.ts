import { runGit, type GitCall } from './run-git.ts';

/**
 * The sizes of blobs in bytes, without unpacking them: a few KiB of a hostile repository can unfold to any
 * size. Ids that are not there are missing in the answer.
 */
export async function blobSizes(
  objectIds: readonly string[],
  call: Omit<GitCall, 'input'>,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  if (objectIds.length === 0) return sizes;
  const input = `${objectIds.join('\n')}\n`;
  const output = await runGit(['cat-file', '--batch-check'], { ...call, input }, signal);
  for (const line of output.split('\n')) {
    const match = /^([0-9a-f]{40}) blob (\d+)$/.exec(line);
    if (match !== null) sizes.set(match[1] ?? '', Number(match[2]));
  }
  return sizes;
}
