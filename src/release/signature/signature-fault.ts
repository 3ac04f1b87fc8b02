/** Why a signature does not count: the rule that it breaks. Who asked adds where it comes from, and what to do. */
export class SignatureFault extends Error {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'SignatureFault';
  }
}

const MOST_CHARACTERS = 300;

/** Text from elsewhere, for a message: on one line, bounded. */
export function shown(text: string): string {
  const line = text.slice(0, MOST_CHARACTERS).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.replace(/[: ]{1,10}$/, '');
}
