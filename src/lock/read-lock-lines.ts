import { ControllerError } from '../base/controller-error.ts';

/** What follows a key of a lock on its own line, and where that is. */
export interface LockValue {
  readonly text: string;
  readonly line: number;
}

/** An item of a list, parsed but not checked. */
export interface LockItem {
  readonly value: unknown;
  readonly line: number;
}

/** A key with the items below it, and where the key is. */
export interface LockList {
  readonly items: readonly LockItem[];
  readonly line: number;
}

/** A lock's text by its keys. */
export interface LockLines {
  readonly values: ReadonlyMap<string, LockValue>;
  readonly lists: ReadonlyMap<string, LockList>;
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_LINES = 500_000;
const KEY = /^([A-Za-z]+):(?: +(.*))?$/;
const ITEM = '  - ';
const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/;

/**
 * Reads the YAML that `formatLock` writes line by line: a key with its value, or a key followed by items
 * that are one line of JSON each. A general YAML parser would take seconds for a large lock.
 * @throws ControllerError LOCK_INVALID, with path, line and reason.
 */
export function readLockLines(path: string, text: string): LockLines {
  const lines = splitLines(path, text);
  const values = new Map<string, LockValue>();
  const lists = new Map<string, LockList>();
  let items: LockItem[] | undefined;
  for (const [index, written] of lines.entries()) {
    const line = index + 1;
    const content = written.trimEnd();
    if (content.startsWith(ITEM)) {
      if (items === undefined) throw invalidLine(path, line, 'this item belongs to no list');
      items.push({ value: parseItem(path, line, content.slice(ITEM.length)), line });
      continue;
    }
    if (content === '' || content.startsWith('#')) continue;
    if (CONFLICT.test(content)) throw conflict(path, line);
    const [, key, value = ''] = KEY.exec(content) ?? [];
    if (key === undefined) {
      throw invalidLine(path, line, 'this is neither "key: value" nor an item "  - {…}" of a list');
    }
    if (values.has(key) || lists.has(key)) throw invalidLine(path, line, `${key} is there twice`);
    items = value === '' ? [] : undefined; // After `key: []` no item may follow.
    if (value === '' || value === '[]') lists.set(key, { items: items ?? [], line });
    else values.set(key, { text: value, line });
  }
  return { values, lists };
}

/** An error at a line of a lock, with the way out. */
export function invalidLine(path: string, line: number, reason: string): ControllerError {
  return invalidLock(`${path}:${line}: ${reason}`);
}

/** An error of a whole lock, with the way out. */
export function invalidLock(message: string, cause?: unknown): ControllerError {
  return new ControllerError('LOCK_INVALID', message, {
    remedy: 'wait-for-change',
    hint: 'This file is written by imageset alone. Restore its last good version from the history of the manifests branch, or remove it: the next pass then takes over what is at the destination without copying it again.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function splitLines(path: string, text: string): string[] {
  if (text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES) {
    throw invalidLock(`${path} is larger than ${MAX_BYTES} bytes, the most that a lock may have`);
  }
  const lines = text.split('\n', MAX_LINES + 1);
  if (lines.length <= MAX_LINES) return lines;
  throw invalidLock(`${path} has more than ${MAX_LINES} lines, the most that a lock may have`);
}

function conflict(path: string, line: number): ControllerError {
  return new ControllerError(
    'LOCK_INVALID',
    `${path}:${line}: the file has conflict markers of a Git merge`,
    {
      remedy: 'wait-for-change',
      hint: 'Take one side of the merge as it is (git checkout --ours or --theirs); the next pass brings the lock up to date. Lines of a lock are never merged by hand.',
    },
  );
}

function parseItem(path: string, line: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it cannot be parsed';
    throw invalidLine(path, line, `this item is not one line of JSON (${reason.slice(0, 200)})`);
  }
}
