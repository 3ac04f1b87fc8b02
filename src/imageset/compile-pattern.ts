import { RE2JS, RE2JSException } from 're2js';

const MAX_LENGTH = 4000;

type CompiledPattern =
  | { readonly matches: (text: string) => boolean; readonly problem?: never }
  | { readonly matches?: never; readonly problem: string };

/** A pattern of `blockedImages` as RE2, unanchored, which takes linear time on any text; or why it cannot be used. */
export function compilePattern(pattern: string): CompiledPattern {
  if (pattern.length > MAX_LENGTH) return { problem: `it has more than ${MAX_LENGTH} characters` };
  try {
    const compiled = RE2JS.compile(pattern);
    return { matches: (text) => compiled.test(text) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { problem: error.message.replace(/^error parsing regexp: /, '').slice(0, 300) };
  }
}
