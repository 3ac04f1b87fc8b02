// Line breaks and control characters could forge lines; direction marks make text read as something else.
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

/** Somebody else's text as one line of at most `limit` characters, without control characters. */
export function sanitizeLine(text: string, limit: number): string {
  const line = text
    .slice(0, limit * 8)
    .toWellFormed()
    .replaceAll(UNSAFE, ' ')
    .trim();
  const characters = Array.from(line);
  return characters.length <= limit ? line : `${characters.slice(0, limit - 1).join('')}…`;
}

/**
 * What a server or git said, for a message: at most 2 KiB, no control characters but line breaks, no
 * user names or passwords in URLs, no query strings, and none of the secrets given.
 */
export function sanitizeOutput(text: string, secrets: readonly string[]): string {
  const known = secrets.filter((secret) => secret !== '');
  const withoutSecrets = known.reduce((all, secret) => all.replaceAll(secret, '***'), text);
  return withoutSecrets
    .slice(0, 64 * 1024)
    .replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@']*@/gi, '$1')
    .replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s?'"]*)\?[^\s'"]*/gi, '$1')
    .split(/[\r\n]+/)
    .map((line) => sanitizeLine(line, 500))
    .filter((line) => line !== '')
    .join('\n')
    .slice(0, 2048);
}
