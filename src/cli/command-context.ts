import type { CommandIo } from './io.ts';

/** What a command is given when it is added to the program: `add…Command(program, context)`. */
export interface CommandContext {
  readonly io: CommandIo;
  /** Aborted by the first SIGINT or SIGTERM; its reason is a ControllerError ABORTED. */
  readonly signal: AbortSignal;
  /** Sets the exit code; called once, by the command's action. */
  readonly finish: (code: number) => void;
}
