/** One challenge of a `WWW-Authenticate` header. */
export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** By lower-case name; of a repeated one the first. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;

/**
 * Reads `WWW-Authenticate`: several headers, several challenges in one, quoted strings with escapes
 * (RFC 9110, section 11; spec, transfer-engine, 5.5.1). What cannot be read is passed over.
 */
export function parseChallenges(values: readonly string[]): Challenge[] {
  return values.flatMap(parseValue);
}

function parseValue(text: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let position = 0;

  function take(pattern: RegExp): string {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0] ?? '';
    position += found.length;
    return found;
  }

  while (position < text.length) {
    const word = take(TOKEN);
    if (word === '') {
      position += 1;
      continue;
    }
    take(/\s*/y);
    if (text[position] === '=') {
      position += 1;
      take(/\s*/y);
      const value = text[position] === '"' ? takeQuoted() : take(TOKEN);
      const parameters = challenges.at(-1)?.parameters;
      const name = word.toLowerCase();
      if (parameters !== undefined && !parameters.has(name)) parameters.set(name, value);
      continue;
    }
    challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
    take(TOKEN68);
  }

  function takeQuoted(): string {
    let value = '';
    for (position += 1; position < text.length && text[position] !== '"'; position += 1) {
      if (text[position] === '\\') position += 1;
      value += text[position] ?? '';
    }
    position += 1;
    return value;
  }

  return challenges;
}
