/** A failure of our own, under the code that Node or undici has for the same, so that all read alike in messages. */
export function networkError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
