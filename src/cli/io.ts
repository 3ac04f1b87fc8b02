/** What a command has of the process: `src/main.ts` makes it, tests make their own. */
export interface CommandIo {
  /** What was asked for. */
  readonly stdout: (text: string) => void;
  /** Everything else: messages, progress, logs. */
  readonly stderr: (text: string) => void;
  readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean };
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths of arguments count from here. */
  readonly cwd: string;
  readonly now: () => Date;
  /** stderr, where it is a terminal: for displays that move. */
  readonly terminal: NodeJS.WriteStream | undefined;
  /** Calls the listener at every SIGHUP until disposed; without a listener SIGHUP ends the process. */
  readonly onHangup: (listener: () => void) => Disposable;
}
