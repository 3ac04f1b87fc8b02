import type { FoundLine } from '../../reconcile/find-lines.ts';

/** What `why` says of an image of a release: which one, with its channels, payload and signature; of a graph image what it was built of. */
export function releaseLines({ release, line }: Pick<FoundLine, 'release' | 'line'>): string[] {
  const lines: string[] = [];
  if (release !== undefined) {
    const { channels, payload, signature } = release;
    const chosen = channels.length === 0 ? 'named by an image set' : `in ${channels.join(', ')}`;
    lines.push(`  release ${release.release}, ${chosen}, payload ${payload}`);
    lines.push(
      `  signed  ${signature === undefined ? 'no (releases.unsigned)' : `yes, signature ${signature}`}`,
    );
  }
  if (line.data !== undefined) lines.push(`  data    ${line.data}`);
  if (line.base !== undefined) lines.push(`  base    ${line.base}`);
  return lines;
}
