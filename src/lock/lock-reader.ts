import type { z } from 'zod';
import { ControllerError } from '../base/controller-error.ts';
import { isPlainHead } from './format-line.ts';
import { invalidLine, invalidLock, readLockLines } from './read-lock-lines.ts';

const VALUES = ['version', 'mirror', 'destination', 'source'] as const;
const LISTS = [
  'configurations',
  'deletions',
  'images',
  'deleting',
  'catalogs',
  'bundles',
  'releases',
] as const;
const VERSION = 1;
/** Where `version` is looked for before anything else is read. */
const HEAD_CHARACTERS = 4096;

/** Reads the parts of one lock. All throw ControllerError LOCK_INVALID with path, line and reason. */
export interface LockReader {
  readonly readValue: <T>(key: (typeof VALUES)[number], schema: z.ZodType<T>) => T;
  /** `check` says what is wrong with an item that is right in itself, or undefined. */
  readonly readList: <T>(
    key: (typeof LISTS)[number],
    schema: z.ZodType<T>,
    check: (item: T) => string | undefined,
  ) => T[];
}

/** @throws ControllerError LOCK_INVALID for text that is no lock of this version. */
export function lockReader(path: string, text: string): LockReader {
  refuseNewerVersion(path, text);
  const { values, lists } = readLockLines(path, text);
  for (const [key, { line }] of [...values, ...lists]) {
    const isValue = VALUES.some((name) => name === key);
    if (!isValue && !LISTS.some((name) => name === key)) {
      throw invalidLine(path, line, `${key} is no field of a lock`);
    }
    if (isValue === lists.has(key)) {
      throw invalidLine(path, line, `${key} must be ${isValue ? 'one value' : 'a list'}`);
    }
  }
  return {
    readValue: (key, schema) => {
      const found = values.get(key);
      if (found === undefined) throw invalidLock(`${path} has no ${key}`);
      const result = schema.safeParse(parseValue(path, found));
      if (result.success) return result.data;
      throw invalidLine(path, found.line, `${key}: ${firstProblem(result.error)}`);
    },
    readList: (key, schema, check) => {
      const found = lists.get(key);
      if (found === undefined) throw invalidLock(`${path} has no ${key}`);
      return found.items.map(({ value, line }) => {
        const result = schema.safeParse(value);
        if (!result.success) throw invalidLine(path, line, firstProblem(result.error));
        const problem = check(result.data);
        if (problem !== undefined) throw invalidLine(path, line, problem);
        return result.data;
      });
    },
  };
}

/** Before anything else, since a newer version may look otherwise altogether. */
function refuseNewerVersion(path: string, text: string): void {
  const version = /^version: *(\d{1,9}) *$/m.exec(text.slice(0, HEAD_CHARACTERS))?.[1];
  if (version === undefined || Number(version) <= VERSION) return;
  throw new ControllerError(
    'LOCK_INVALID',
    `${path} has version ${version}: it was written by a newer version of imageset, and this one reads version ${VERSION}`,
    {
      remedy: 'wait-for-change',
      hint: `Run the newer imageset. To go back to this one, restore the last lock of version ${VERSION} from the history of the manifests branch.`,
    },
  );
}

function parseValue(path: string, { text, line }: { text: string; line: number }): unknown {
  if (isPlainHead(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw invalidLine(path, line, 'the value must be plain text or JSON');
  }
}

function firstProblem(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'it is not as it should be';
  const field = issue.path.map(String).join('.');
  return `${field}${field === '' ? '' : ': '}${issue.message}`.slice(0, 500);
}
