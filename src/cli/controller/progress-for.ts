import { createProgressLog } from '../../mirror/progress-log.ts';
import type { ProgressSink } from '../../mirror/progress-sink.ts';
import { shareProgress } from '../../mirror/share-progress.ts';
import type { CommandIo } from '../io.ts';
import type { ControllerOptions } from './controller-options.ts';

/** How the passes of a command show how far they are: a live display on a terminal, lines elsewhere. */
export async function progressFor(
  { terminal, stderr }: CommandIo,
  { logFormat }: Pick<ControllerOptions, 'logFormat'>,
): Promise<(name: string | undefined) => ProgressSink> {
  if (terminal !== undefined && logFormat !== 'json') {
    // Loaded for terminals alone: widths of characters take a while.
    const { createProgressDisplay } = await import('../../mirror/progress-display.ts');
    return shareProgress(() => createProgressDisplay(terminal));
  }
  const format = logFormat === 'text' ? 'text' : 'json';
  return shareProgress(() => createProgressLog({ write: stderr }, { format }));
}
