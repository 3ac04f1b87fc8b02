import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { compare, hashSync } from 'bcryptjs';
import { ControllerError } from '../../base/controller-error.ts';
import { systemReason } from '../../base/system-reason.ts';

/** Decides who may use the registry. */
export interface PasswordCheck {
  /** `busy`: too many passwords are being checked; ask again later. */
  check(authorization: string | undefined): Promise<'accepted' | 'refused' | 'busy'>;
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
/** Each step doubles the time of a check; 15 takes seconds. */
const MAX_COST = 15;
const MAX_HEADER = 1024;
const MAX_WAITING = 32;
const MAX_REMEMBERED = 1000;

/**
 * Reads an htpasswd file; bcrypt only, as the stock registry (`htpasswd -B`).
 * @throws ControllerError SETTINGS_INVALID with the line, never its content.
 */
export async function loadPasswordCheck(file: string): Promise<PasswordCheck> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw invalid(
      `${file} cannot be read: ${systemReason(cause)}`,
      'Name a file made by "htpasswd -Bc FILE USER".',
      cause,
    );
  }
  return createPasswordCheck(parseHtpasswd(file, text));
}

/** The bcrypt hashes by user. @throws ControllerError SETTINGS_INVALID */
export function parseHtpasswd(file: string, text: string): ReadonlyMap<string, string> {
  const hashByUser = new Map<string, string>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const cost = BCRYPT.exec(line.slice(colon + 1))?.[1];
    const where = `${file}:${index + 1}`;
    if (colon < 1 || cost === undefined) {
      throw invalid(
        `${where} is no user with a bcrypt hash`,
        'Make the entry by "htpasswd -B FILE USER".',
      );
    }
    if (Number(cost) > MAX_COST) {
      throw invalid(
        `${where} has a bcrypt cost of ${cost}`,
        `Use at most ${MAX_COST}: checks would take too long.`,
      );
    }
    hashByUser.set(line.slice(0, colon), line.slice(colon + 1));
  }
  if (hashByUser.size === 0)
    throw invalid(`${file} has no users`, 'Add one by "htpasswd -B FILE USER".');
  return hashByUser;
}

/**
 * Checks Basic credentials. bcrypt is slow on purpose, and clients send credentials with every request, so
 * what was accepted is remembered, as an HMAC under a key of this process.
 */
export function createPasswordCheck(hashByUser: ReadonlyMap<string, string>): PasswordCheck {
  const key = randomBytes(32);
  const accepted = new Set<string>();
  const running = new Map<string, Promise<boolean>>();
  // An unknown user takes as long as a wrong password.
  const cost = Number([...hashByUser.values()][0]?.slice(4, 6) ?? 10);
  const nobody = hashSync(randomBytes(16).toString('hex'), cost);

  async function verify(mark: string, user: string, password: string): Promise<boolean> {
    const hash = hashByUser.get(user);
    const matches = await compare(password, hash ?? nobody);
    if (!matches || hash === undefined) return false;
    const oldest = accepted.size >= MAX_REMEMBERED ? accepted.values().next().value : undefined;
    if (oldest !== undefined) accepted.delete(oldest);
    accepted.add(mark);
    return true;
  }

  return {
    async check(authorization) {
      const credentials = parseBasic(authorization);
      if (credentials === undefined) return 'refused';
      const { user, password } = credentials;
      const mark = createHmac('sha256', key)
        .update(JSON.stringify([user, password]))
        .digest('base64');
      if (accepted.has(mark)) return 'accepted';
      // Requests with the same credentials wait for one check.
      const same = running.get(mark);
      if (same === undefined && running.size >= MAX_WAITING) return 'busy';
      const check = same ?? verify(mark, user, password);
      running.set(mark, check);
      try {
        return (await check) ? 'accepted' : 'refused';
      } finally {
        running.delete(mark);
      }
    },
  };
}

function parseBasic(
  authorization: string | undefined,
): { user: string; password: string } | undefined {
  if (authorization === undefined || authorization.length > MAX_HEADER) return undefined;
  const [, encoded] = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization) ?? [];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 0
    ? undefined
    : { user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function invalid(message: string, hint: string, cause?: unknown): ControllerError {
  return new ControllerError('SETTINGS_INVALID', message, {
    remedy: 'wait-for-change',
    hint,
    cause,
  });
}
