import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { systemReason } from '../../base/system-reason.ts';
import { HttpFailure } from '../http/http-failure.ts';
import type { Credential } from './credential.ts';
import { canonicalHost, keysFor } from './host-keys.ts';

/** A credentials file: `auth.json`, `config.json`, or the old `.dockercfg` without the `auths` level. */
export interface AuthFile {
  readonly path: string;
  readonly entryByKey: ReadonlyMap<string, Entry>;
  /** Helper programs by host. */
  readonly helperByHost: ReadonlyMap<string, string>;
  /** The helper program for every host. */
  readonly store: string | undefined;
}

export interface AuthFilePlace {
  readonly path: string;
  readonly form: 'auths' | 'dockercfg';
}

const MOST_BYTES = 16 * 1024 * 1024;

// Lenient: other programs keep their own things in these files.
const Entry = z.looseObject({
  auth: z.string().optional().catch(undefined),
  identitytoken: z.string().optional().catch(undefined),
});
type Entry = z.infer<typeof Entry>;
const Entries = z.record(z.string(), Entry.catch({}));
const Auths = z.looseObject({
  auths: Entries.nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});

/**
 * @returns undefined where there is no such file.
 * @throws HttpFailure CREDENTIALS_INVALID with the path, never with the content.
 */
export async function readAuthFile({ path, form }: AuthFilePlace): Promise<AuthFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw invalid(path, `cannot be read: ${systemReason(error)}`);
  }
  if (text.length > MOST_BYTES) throw invalid(path, 'is too long');
  return parseAuthFile(path, text, form);
}

/** @throws HttpFailure CREDENTIALS_INVALID */
export function parseAuthFile(path: string, text: string, form: AuthFilePlace['form']): AuthFile {
  let json: unknown;
  try {
    json = JSON.parse(text.trim() === '' ? '{}' : text);
  } catch {
    // The parser's message quotes the text around the fault, which may be a password.
    throw invalid(path, 'is not JSON');
  }
  const result = Auths.safeParse(form === 'auths' ? json : { auths: json });
  if (!result.success) throw invalid(path, 'is not a credentials file');
  const { auths, credHelpers, credsStore } = result.data;
  return {
    path,
    entryByKey: new Map(Object.entries(auths ?? {})),
    helperByHost: new Map(Object.entries(credHelpers ?? {})),
    store: credsStore ?? undefined,
  };
}

/** The helper program that the file names for a host. */
export function helperFor(file: AuthFile, host: string): string | undefined {
  const exact = file.helperByHost.get(host);
  if (exact !== undefined) return exact;
  const canonical = canonicalHost(host);
  for (const [key, helper] of file.helperByHost)
    if (canonicalHost(key) === canonical) return helper;
  return undefined;
}

/**
 * The file's own credential for a repository: the longest key first, then keys that mean the same host
 * (spec, transfer-engine, 5.4). Entries without a usable credential are passed over.
 */
export function credentialIn(
  file: AuthFile,
  host: string,
  repository: string,
): { readonly credential: Credential; readonly key: string } | undefined {
  const canonical = canonicalHost(host);
  const same = [...file.entryByKey.keys()].filter(
    (key) => canonicalHost(key) === canonical && !isScoped(key),
  );
  for (const key of [...keysFor(host, repository), ...same]) {
    const entry = file.entryByKey.get(key);
    const credential = entry === undefined ? undefined : credentialOf(entry);
    if (credential !== undefined) return { credential, key };
  }
  return undefined;
}

/** `quay.io/team`: a key for a part of a host. With a scheme, what follows the host is an API's path. */
function isScoped(key: string): boolean {
  return !/^https?:\/\//.test(key) && key.includes('/');
}

function credentialOf({ auth, identitytoken }: Entry): Credential | undefined {
  if (identitytoken !== undefined && identitytoken !== '')
    return { kind: 'identity-token', token: identitytoken };
  const text = Buffer.from(auth ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  // Old versions of Docker padded passwords.
  const password = text.slice(colon + 1).replace(/\0+$/, '');
  const username = text.slice(0, colon);
  return username === '' && password === '' ? undefined : { kind: 'password', username, password };
}

function invalid(path: string, what: string): HttpFailure {
  return new HttpFailure('CREDENTIALS_INVALID', `the credentials file ${path} ${what}`, {
    remedy: 'wait-for-change',
    again: false,
    hint: 'It has the form {"auths": {"HOST": {"auth": "…"}}}; `podman login --authfile FILE HOST` writes one.',
  });
}
