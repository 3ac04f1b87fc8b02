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
 * What a server or git said, for a message: the last 2 KiB, no progress, nothing that git and ssh always say, no control characters but line
 * breaks, no user names or passwords in URLs, no query strings, and none of the secrets given.
 */
export function sanitizeOutput(text: string, secrets: readonly string[]): string {
  const known = secrets.filter((secret) => secret !== '');
  return known
    .reduce((all, secret) => all.replaceAll(secret, '***'), text)
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '' && !PROGRESS.test(line) && !ALWAYS_SAID.test(line))
    .slice(-40)
    .map((line) => sanitizeLine(withoutUrlSecrets(line), 500))
    .join('\n')
    .slice(-2048);
}

/** Frames, warnings for people who type, and advice that ours replaces. */
const ALWAYS_SAID =
  /^\s*(?:@|IT IS POSSIBLE THAT|Someone could be|It is also possible|Please contact your|Please make sure you have|and the repository exists|Add correct host key|remove with:|ssh-keygen -f )/;
const PROGRESS = /\d+% \(\d+\/\d+\)|^(?:remote: )?(?:Enumerating|Total) /;
const MAX_LINE = 4096;

function withoutUrlSecrets(line: string): string {
  // Cut between words: of half a URL nobody can tell what is the password.
  const short = line.length <= MAX_LINE ? line : line.slice(0, MAX_LINE).replace(/\S+$/, '');
  return short
    .replaceAll(/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@']*@/gi, '$1')
    .replaceAll(/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s?'"]*)\?[^\s'"]*/gi, '$1');
}
