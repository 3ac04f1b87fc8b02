import { appendFileSync } from 'node:fs';
import type { CommandIo } from '../io.ts';

export const MIRROR_LOG_LEVELS = ['info', 'debug', 'trace', 'error'] as const;
export type MirrorLogLevel = (typeof MIRROR_LOG_LEVELS)[number];

/** The log lines of the reference tool's commands (spec, transfer-engine, 1.2), for people and for scripts that match them. */
export interface MirrorLog extends MirrorLines {
  /** From now on lines go to stdout and to the file, which is made if it is not there; before, they go to stderr. */
  openFile(path: string): void;
  /** The same for the file alone, e.g. beside a progress display. */
  readonly fileOnly: MirrorLines;
}

export interface MirrorLines {
  error(text: string): void;
  warn(text: string): void;
  info(text: string): void;
  debug(text: string): void;
}

const TAGS = {
  error: { code: 91, text: '[ERROR]', gap: ' ' },
  warn: { code: 93, text: '[WARN]', gap: '  ' },
  info: { code: 94, text: '[INFO]', gap: '  ' },
  debug: { code: 92, text: '[DEBUG]', gap: ' ' },
} as const;
type Tag = keyof typeof TAGS;

const SHOWN: Readonly<Record<MirrorLogLevel, readonly Tag[]>> = {
  error: ['error'],
  info: ['error', 'warn', 'info'],
  debug: ['error', 'warn', 'info', 'debug'],
  trace: ['error', 'warn', 'info', 'debug'],
};

export function createMirrorLog(io: CommandIo, level: MirrorLogLevel): MirrorLog {
  let file: string | undefined;
  function linesTo(write: (line: string) => void): MirrorLines {
    const log = (tag: Tag, text: string): void => {
      if (SHOWN[level].includes(tag)) write(formatLine(tag, text, io.now()));
    };
    return {
      error: (text) => {
        log('error', text);
      },
      warn: (text) => {
        log('warn', text);
      },
      info: (text) => {
        log('info', text);
      },
      debug: (text) => {
        log('debug', text);
      },
    };
  }
  const writeFile = (line: string): void => {
    if (file !== undefined) appendFileSync(file, line);
  };
  return {
    ...linesTo((line) => {
      if (file === undefined) io.stderr(line);
      else io.stdout(line);
      writeFile(line);
    }),
    fileOnly: linesTo(writeFile),
    openFile(path) {
      appendFileSync(path, '');
      file = path;
    },
  };
}

/** The last line of a command that failed: ` [Executor] TEXT `. */
export function formatErrorLine(text: string, now: Date): string {
  return formatLine('error', `[Executor] ${text} `, now);
}

/** Local time as file names and lines have it. */
export function formatStamp(now: Date, kind: 'line' | 'file'): string {
  const [year, month, day] = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(twoDigits);
  const [hour, minute, second] = [now.getHours(), now.getMinutes(), now.getSeconds()].map(
    twoDigits,
  );
  return kind === 'line'
    ? `${year}/${month}/${day} ${hour}:${minute}:${second}`
    : `${year}${month}${day}_${hour}${minute}${second}`;
}

function formatLine(tag: Tag, text: string, now: Date): string {
  const { code, text: name, gap } = TAGS[tag];
  return `${formatStamp(now, 'line')} \u001B[1;${code}m ${name} \u001B[0m${gap}: ${text}\n`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
