/**
 * What rooms log to: pino's shape, fields first, then a fixed message (style.md, section 9). Rooms take
 * it as an argument; `src/cli` makes it, with redaction.
 */
export interface Log {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  child(fields: Record<string, unknown>): Log;
}

/** A log that keeps nothing, for tests and for calls that have nobody to tell. */
export const silentLog: Log = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => silentLog,
};
