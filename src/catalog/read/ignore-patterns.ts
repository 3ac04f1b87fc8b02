/**
 * What files `.indexignore` leave out, with the rules of gitignore(5). Source: gitignore(5), "Pattern format".
 * Patterns come from the catalog: they are matched without regular expressions, whose time has no bound.
 */
export interface IgnorePattern {
  /** Of the file that has the pattern; '' for the root. */
  readonly directory: string;
  readonly isNegated: boolean;
  readonly isForDirectories: boolean;
  /** What the parts of a path below `directory` have to be. */
  readonly parts: readonly PartPattern[];
}

/** `**`: any number of parts. Else the tokens of one part: a character, `\\x`, `?`, `[…]`, or `*`. */
type PartPattern = '**' | readonly string[];

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
    return below !== undefined && matchesList(below.split('/'), pattern.parts, '**', matchesPart);
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
  const parts = text
    .split('/')
    .filter((part) => part !== '')
    .map((part) => (part === '**' ? part : tokensOf(part)));
  return { directory, isNegated, isForDirectories, parts: isAnchored ? parts : ['**', ...parts] };
}

function tokensOf(pattern: string): string[] {
  return pattern.match(/\\.|\[[!^]?\]?(?:\\.|[^\]\\])*\]|[^]/gsu) ?? [];
}

function matchesPart(part: string, pattern: PartPattern): boolean {
  return pattern !== '**' && matchesList(Array.from(part), pattern, '*', matchesToken);
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
function matchesList<P>(
  items: readonly string[],
  pattern: readonly P[],
  star: P,
  matches: (item: string, part: P) => boolean,
): boolean {
  let item = 0;
  let part = 0;
  let lastStar = -1;
  let resumeAt = 0;
  while (item < items.length) {
    const wanted = pattern[part];
    if (wanted === star) {
      lastStar = part;
      resumeAt = item;
      part += 1;
    } else if (wanted !== undefined && matches(items[item] ?? '', wanted)) {
      item += 1;
      part += 1;
    } else if (lastStar >= 0) {
      resumeAt += 1;
      item = resumeAt;
      part = lastStar + 1;
    } else return false;
  }
  // At its end `a/**` means what is in `a`, not `a` itself; `a*` may mean `a`.
  const rest = pattern.slice(part);
  return rest.every((left) => left === star && left !== '**');
}
