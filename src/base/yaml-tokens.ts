import { Lexer, type LineCounter, Parser } from 'yaml';

type Token = ReturnType<Parser['parse']> extends Generator<infer T> ? T : never;

/** Nested deeper than the limit; `offset` is where. */
export class TooDeep extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super('nested too deeply');
    this.offset = offset;
  }
}

/**
 * The tokens of a YAML text. The depth is watched while they come, since what follows them recurses and would
 * run out of stack on a file of nothing but brackets.
 *
 * @throws TooDeep
 */
export function* yamlTokens(
  text: string,
  maxDepth: number,
  lines: LineCounter,
): Generator<Token, void> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    // The document and the scalar at hand are on the stack too.
    if (parser.stack.length > maxDepth + 2) throw new TooDeep(parser.offset);
  }
  yield* parser.end();
}
