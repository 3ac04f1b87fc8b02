import { appendFileSync } from 'node:fs';
import type { CommandIo } from '../io.ts';

export const MIRROR_LOG_LEVELS = ['info', 'debug', 'trace', 'error'] as const;
export type MirrorLogLevel = (typeof MIRROR_LOG_LEVELS)[number];

/** The log lines of the reference tool's commands (spec, transfer-engine, 1.2), for people and for scripts that match them. */
export interface MirrorLog {
  error(text: string): void;
  warn(text: string): void;
  info(text: string): void;
  debug(text: string): void;
  /** From now on lines go to stdout and to the file, which is made if it is not there; before, they go to stderr. */
  openFile(path: string): void;
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

/** @param aroundLine called with what writes a line, e.g. to take a progress display away meanwhile. */
export function createMirrorLog(
  io: CommandIo,
  level: MirrorLogLevel,
  aroundLine: (write: () => void) => void = (write) => {
    write();
  },
): MirrorLog {
  let file: string | undefined;
  function log(tag: Tag, text: string): void {
    if (!SHOWN[level].includes(tag)) return;
    const line = formatLine(tag, text, io.now());
    const path = file;
    aroundLine(() => {
      if (path === undefined) io.stderr(line);
      else io.stdout(line);
    });
    if (path !== undefined) appendFileSync(path, line);
  }
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
