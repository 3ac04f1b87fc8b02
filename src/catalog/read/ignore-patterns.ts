/**
 * What files `.indexignore` leave out, with the rules of gitignore(5). Source: gitignore(5), "Pattern format".
 * Patterns come from the catalog: they are matched without regular expressions, whose time has no bound.
 */
export interface IgnorePattern {
  /** Of the file that has the pattern; '' for the root. */
  readonly directory: string;
  readonly isNegated: boolean;
  readonly isForDirectories: boolean;
  /** Parts of a path below `directory`; `**` stands for any number of parts. */
  readonly parts: readonly string[];
}

/** The patterns of one file. `directory`: where it is, '' for the root. */
export function parseIgnorePatterns(text: string, directory: string): IgnorePattern[] {
  return text.split('\n').flatMap((line) => parseLine(line.replace(/\r$/, ''), directory) ?? []);
}

/**
 * Whether a file is left out. `patterns`: those of outer directories first. What is in a directory that is
 * left out stays out, whatever else says so.
 */
export function isIgnored(path: string, patterns: readonly IgnorePattern[]): boolean {
  if (patterns.length === 0) return false;
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
    if (isMatched(path.slice(0, end), true, patterns)) return true;
  }
  return isMatched(path, false, patterns);
}

function isMatched(
  path: string,
  isDirectory: boolean,
  patterns: readonly IgnorePattern[],
): boolean {
  const last = patterns.findLast((pattern) => {
    if (pattern.isForDirectories && !isDirectory) return false;
    const below = pathBelow(path, pattern.directory);
    return (
      below !== undefined && matchesList(below.split('/'), pattern.parts, isDoubleStar, matchesPart)
    );
  });
  return last !== undefined && !last.isNegated;
}

function pathBelow(path: string, directory: string): string | undefined {
  if (directory === '') return path;
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined;
}

function parseLine(line: string, directory: string): IgnorePattern | undefined {
  if (line.startsWith('#')) return undefined;
  // Blanks at the end count only behind a backslash.
  let text = line.replace(/(?<!\\)[ \t]+$/, '');
  const isNegated = text.startsWith('!');
  if (isNegated) text = text.slice(1);
  const isForDirectories = text.endsWith('/');
  if (isForDirectories) text = text.slice(0, -1);
  if (text === '' || text === '/') return undefined;
  const isAnchored = text.includes('/');
  const parts = text.split('/').filter((part) => part !== '');
  return { directory, isNegated, isForDirectories, parts: isAnchored ? parts : ['**', ...parts] };
}

function isDoubleStar(part: string): boolean {
  return part === '**';
}

/** One part of a path against one of a pattern: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before what means itself. */
function matchesPart(part: string, pattern: string): boolean {
  return matchesList(Array.from(part), tokensOf(pattern), (token) => token === '*', matchesToken);
}

/** `*`; `?`; `[…]`; or a character, with a backslash before it where it would mean something. */
function tokensOf(pattern: string): string[] {
  return pattern.match(/\\.|\[[!^]?\]?(?:\\.|[^\]\\])*\]|[^]/gsu) ?? [];
}

function matchesToken(character: string, token: string): boolean {
  if (token === '?') return true;
  if (token.startsWith('\\')) return character === token.slice(1);
  if (!token.startsWith('[') || token.length < 3) return character === token;
  const isNegated = /^\[[!^]/.test(token);
  const members = token.slice(isNegated ? 2 : 1, -1).match(/\\.|[^]/gsu) ?? [];
  const literal = (index: number): string => (members[index] ?? '').replace(/^\\(?=.)/s, '');
  let isMember = false;
  for (let index = 0; index < members.length; index += 1) {
    const isRange = members[index + 1] === '-' && index + 2 < members.length;
    const last = isRange ? literal(index + 2) : literal(index);
    isMember ||= character >= literal(index) && character <= last;
    if (isRange) index += 2;
  }
  return isMember !== isNegated;
}

/**
 * Items against a pattern in which a star stands for any number of them. When something does not match, only the
 * last star takes one more: that is enough, and never takes more than items times pattern steps.
 */
function matchesList(
  items: readonly string[],
  pattern: readonly string[],
  isStar: (part: string) => boolean,
  matches: (item: string, part: string) => boolean,
): boolean {
  let item = 0;
  let part = 0;
  let star = -1;
  let resumeAt = 0;
  while (item < items.length) {
    const wanted = pattern[part];
    if (wanted !== undefined && isStar(wanted)) {
      star = part;
      resumeAt = item;
      part += 1;
      // At its end `a/**` means what is in `a`, not `a` itself.
    } else if (wanted !== undefined && matches(items[item] ?? '', wanted)) {
      item += 1;
      part += 1;
    } else if (star >= 0) {
      resumeAt += 1;
      item = resumeAt;
      part = star + 1;
    } else return false;
  }
  const rest = pattern.slice(part);
  return rest.every(isStar) && !(rest.length > 0 && rest[0] === '**');
}
