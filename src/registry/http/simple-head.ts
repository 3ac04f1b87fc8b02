/** The head of an answer whose body is so many bytes, with nothing about it that needs care. */
export interface SimpleHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the body begins, bytes. */
  readonly length: number;
  /** The length of the body, bytes. */
  readonly contentLength: number;
  /** Whether the server closes the connection afterwards. */
  readonly closes: boolean;
}

const LONGEST_HEAD = 32 * 1024;
const START = Buffer.from('HTTP/1.1 ');
const END = Buffer.from('\r\n\r\n');
const STATUS_LINE = /^HTTP\/1\.1 ([2-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD =
  /^([!#$%&'*+\-.^_`|~\dA-Za-z]+):[\t ]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[\t ]*$/;
/** With these a body is framed, or the connection goes on, in another way. */
const SPECIAL = ['transfer-encoding', 'upgrade', 'trailer'];
const NO_BODY = [204, 304];

/**
 * Reads the head of an answer to a GET (RFC 9112, sections 4 to 6), if it is as simple as nearly all are.
 * @returns `other`: a full HTTP parser has to look at it, and to say what is wrong if it is no head at all.
 */
export function readSimpleHead(bytes: Buffer): SimpleHead | 'incomplete' | 'other' {
  const begun = bytes.subarray(0, LONGEST_HEAD);
  const compared = Math.min(START.byteLength, begun.byteLength);
  if (begun.compare(START, 0, compared, 0, compared) !== 0) return 'other';
  const end = begun.indexOf(END);
  if (end < 0) return begun.byteLength < LONGEST_HEAD ? 'incomplete' : 'other';
  return parse(begun.toString('latin1', 0, end), end + END.byteLength) ?? 'other';
}

function parse(text: string, length: number): SimpleHead | undefined {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const status = Number(STATUS_LINE.exec(statusLine)?.[1]);
  if (Number.isNaN(status) || NO_BODY.includes(status)) return undefined;
  const headers = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const [, name = '', value = ''] = FIELD.exec(line) ?? [];
    const key = name.toLowerCase();
    // What a header means that is there twice depends on the header.
    if (key === '' || key in headers || SPECIAL.includes(key)) return undefined;
    headers[key] = value;
  }
  const announced = headers['content-length'] ?? '';
  const connection = headers.connection?.toLowerCase() ?? 'keep-alive';
  if (!/^\d{1,15}$/.test(announced) || !/^(?:keep-alive|close)$/.test(connection)) return undefined;
  return {
    status,
    headers,
    length,
    contentLength: Number(announced),
    closes: connection === 'close',
  };
}
