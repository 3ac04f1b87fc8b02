import { createProgressDisplay } from '../../mirror/progress-display.ts';
import { createProgressLog } from '../../mirror/progress-log.ts';
import type { ProgressSink } from '../../mirror/progress-sink.ts';
import { shareProgress } from '../../mirror/share-progress.ts';
import type { CommandIo } from '../io.ts';
import type { ControllerOptions } from './controller-options.ts';

/** How the passes of a command show how far they are: a live display on a terminal, lines elsewhere. */
export function progressFor(
  { terminal, stderr }: CommandIo,
  { logFormat }: Pick<ControllerOptions, 'logFormat'>,
): (name: string | undefined) => ProgressSink {
  return shareProgress(() => {
    if (terminal !== undefined && logFormat !== 'json') return createProgressDisplay(terminal);
    const format = logFormat === 'text' ? 'text' : 'json';
    return createProgressLog({ write: stderr }, { format });
  });
}
