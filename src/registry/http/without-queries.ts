/** A text of a server or library for messages: one line, no control characters, and URLs without their queries, which may be signed. */
export function withoutQueries(text: string): string {
  return (
    text
      .replace(/\?[^\s"'<>)\]]*=[^\s"'<>)\]]*/g, '')
      // eslint-disable-next-line no-control-regex -- a terminal would obey them
      .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
      .trim()
  );
}
