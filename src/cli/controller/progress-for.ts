import type { Log } from '../../base/log.ts';
import { type ProgressSink, silentProgress } from '../../mirror/progress-sink.ts';
import type { CommandIo } from '../io.ts';

/** Where progress is shown: a live display on a terminal, log lines elsewhere. */
export function progressFor(io: CommandIo, log: Log): ProgressSink {
  log.debug({ isTerminal: io.isTerminal.stderr }, 'progress');
  return silentProgress;
}
