import { createRequire } from 'node:module';
import { pino } from 'pino';
import type * as PinoPretty from 'pino-pretty';
import { ControllerError } from '../base/controller-error.ts';
import type { Log } from '../base/log.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** `json`: one object a line. `text`: for people, coloured where `isTerminal`. */
  readonly format: 'json' | 'text';
  readonly isTerminal: boolean;
  /** Takes whole lines, e.g. `io.stderr`. */
  readonly write: (text: string) => void;
}

/** Names that end so; `tokenFile` is a path, and `credential` says where one came from. */
const SECRET = /(?:authorization|token|password|passwd|secret|cookie)s?$/i;
const REDACTED = '[redacted]';
const MAX_DEPTH = 6;

/** The log of a process. Fields whose name says that they are secret are redacted at any depth. */
export function makeLog({ level, format, isTerminal, write }: LogOptions): Log {
  const pretty = format === 'json' ? undefined : makePretty(isTerminal);
  const destination = {
    write: (line: string) => {
      write(pretty === undefined ? line : pretty(line));
    },
  };
  // No pid and host name: whoever collects logs of many machines adds them.
  return adapt(
    pino({ level, base: {}, serializers: { err: (value: unknown) => value } }, destination),
  );
}

/** Lines for people. Loaded for these alone, since it is as large as all the rest of the log. */
function makePretty(isTerminal: boolean): (line: string) => string {
  const require = createRequire(import.meta.url);
  const { prettyFactory } = require('pino-pretty') as typeof PinoPretty;
  return prettyFactory({
    colorize: isTerminal,
    ignore: 'pid,hostname',
    singleLine: true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss',
  });
}

function adapt(logger: pino.Logger): Log {
  return {
    error: (fields, message) => {
      logger.error(withoutSecrets(fields), message);
    },
    warn: (fields, message) => {
      logger.warn(withoutSecrets(fields), message);
    },
    info: (fields, message) => {
      logger.info(withoutSecrets(fields), message);
    },
    debug: (fields, message) => {
      logger.debug(withoutSecrets(fields), message);
    },
    child: (fields) => adapt(logger.child(withoutSecrets(fields))),
  };
}

function withoutSecrets(fields: object): Record<string, unknown> {
  return clean(fields, 0) as Record<string, unknown>;
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '…';
  if (value instanceof Error) return cleanError(value, depth);
  if (value instanceof URL || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      SECRET.test(name) ? REDACTED : clean(field, depth + 1),
    ]),
  );
}

/** A ControllerError without stack, since it is no defect; other properties of errors of libraries may hold anything. */
function cleanError(error: Error, depth: number): Record<string, unknown> {
  const cause = error.cause === undefined ? {} : { cause: clean(error.cause, depth + 1) };
  if (error instanceof ControllerError) {
    const { code, message, hint } = error;
    return { code, message, ...(hint === undefined ? {} : { hint }), ...cause };
  }
  return { type: error.name, message: error.message, stack: error.stack, ...cause };
}
