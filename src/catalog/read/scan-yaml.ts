import { type KeyValue, documentKeys, isKeyOfDocument } from './document-keys.ts';
import {
  type DocumentScanner,
  type FileFault,
  type ScannedDocument,
  TOO_MANY,
} from './document-scanner.ts';
import { LIMITS } from './limits.ts';
import { readKeyLine } from './yaml-key-line.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const HASH = 0x23;
const TAB = 0x09;
const DASH = 0x2d;
/** Of a line in column 0 so many bytes are looked at. */
const LINE_BYTES = 4096 + LIMITS.keyBytes;

/** Where in a line the scan is. `indent`: in the blanks of a line whose first word matters. */
type Place = 'line-start' | 'line' | 'indent' | 'rest';

/**
 * Finds the documents of a YAML stream, and their top-level keys, by the lines in column 0 alone: `---` and
 * `...` there end a document whatever is open (YAML 1.2.2, 9.1.2), and in a block mapping everything
 * else in column 0 is a key, a list item or a comment. Where a document is written in another way it
 * is found without its keys, and has to be parsed.
 * `start`: the offset of the first byte in the file.
 */
export function createYamlScanner(start: number): DocumentScanner {
  const documents: ScannedDocument[] = [];
  let fault: FileFault | undefined;
  let base = start;
  let place: Place = 'line-start';
  let lineStart = start;
  let line: Buffer[] = [];
  let lineBytes = 0;
  let endsInReturn = false;
  let isBetween = true;
  let documentStart = start;
  let hasContent = false;
  let isUnclear = false;
  /** The last key in column 0 counts and has a value, which a line below it may go on with. */
  let isWatching = false;
  let pairs: { key: string; value: KeyValue }[] = [];

  function fail(offset: number, message: string): void {
    fault ??= { offset, message };
  }

  function begin(offset: number): void {
    isBetween = false;
    documentStart = offset;
    hasContent = false;
    isUnclear = false;
    isWatching = false;
    pairs = [];
  }

  function finish(end: number): void {
    const isDocument = !isBetween && hasContent;
    isBetween = true;
    if (!isDocument) return;
    if (end - documentStart > LIMITS.yamlDocumentBytes) failTooLong();
    const keys = isUnclear ? undefined : documentKeys(pairs);
    if (documents.length === LIMITS.layerDocuments) fail(documentStart, TOO_MANY);
    else if (keys === undefined) documents.push({ start: documentStart, end });
    else if ('fault' in keys) fail(documentStart, `a document that ${keys.fault}`);
    else documents.push({ keys, start: documentStart, end });
  }

  function failTooLong(): void {
    fail(documentStart, `a document of more than ${LIMITS.yamlDocumentBytes} bytes`);
  }

  /** A line with something in column 0. `text` is the start of a line that is longer than LINE_BYTES. */
  function readLine(text: string, isWhole: boolean): void {
    const marker = /^(?:---|\.\.\.)(?=[ \t]|$)/.exec(text)?.[0];
    if (marker !== undefined) {
      finish(lineStart);
      if (marker === '---') openDocument(text, isWhole);
      return;
    }
    if (text.startsWith('#')) {
      isWatching = false;
      return;
    }
    if (isBetween) {
      if (text.startsWith('%')) {
        if (/^%TAG\b/.test(text)) fail(lineStart, 'a %TAG directive, which no catalog needs');
        return;
      }
      begin(lineStart);
    }
    const isItem = /^-(?:[ \t]|$)/.test(text);
    if (isItem && hasContent && !isWatching) return;
    const found = isItem ? undefined : readKeyLine(text, isWhole);
    hasContent = true;
    isWatching = false;
    if (found === undefined) isUnclear = true;
    else if (isKeyOfDocument(found.key)) {
      isWatching = true;
      if (found.value === undefined) isUnclear = true;
      else pairs.push({ key: found.key, value: found.value });
    } else if (found.isOpen) isUnclear = true;
  }

  function openDocument(text: string, isWhole: boolean): void {
    const rest = text.slice(3);
    const blanks = rest.length - rest.trimStart().length;
    if (!isWhole || (blanks < rest.length && rest[blanks] !== '#')) {
      begin(lineStart + 3 + blanks);
      hasContent = true;
      isUnclear = true;
    } else begin(lineStart + Buffer.byteLength(text) + 1);
  }

  function takeLine(): void {
    const bytes = Buffer.concat(line);
    const isWhole = lineBytes <= LINE_BYTES;
    line = [];
    lineBytes = 0;
    const text = bytes.toString('utf8');
    const hasReturn = isWhole && text.endsWith('\r');
    readLine(hasReturn ? text.slice(0, -1) : text, isWhole);
    // The end of the marker line is one byte further on.
    if (hasReturn && !isBetween && !hasContent) documentStart += 1;
  }

  function addToLine(bytes: Uint8Array): void {
    const room = LINE_BYTES - lineBytes;
    if (room > 0) line.push(Buffer.from(bytes.subarray(0, room)));
    lineBytes += bytes.length;
  }

  /** A CR alone is a line break too, which nothing has written for decades. */
  function checkReturns(chunk: Uint8Array): void {
    if (endsInReturn && chunk[0] !== NEWLINE) fail(base, 'a line that ends in CR alone');
    let index = chunk.indexOf(RETURN);
    while (index >= 0 && index + 1 < chunk.length) {
      if (chunk[index + 1] !== NEWLINE) fail(base + index, 'a line that ends in CR alone');
      index = chunk.indexOf(RETURN, index + 1);
    }
    endsInReturn = index >= 0;
  }

  function startLine(byte: number, following: number | undefined): Place {
    if (byte === NEWLINE || byte === RETURN) return 'rest';
    if (byte === SPACE || byte === TAB) {
      return isBetween || !hasContent || isWatching ? 'indent' : 'rest';
    }
    // Most lines in column 0 are list items, about which there is nothing to know.
    const isItem = byte === DASH && (following === SPACE || following === NEWLINE);
    return isItem && hasContent && !isBetween && !isWatching ? 'rest' : 'line';
  }

  /** The first word of an indented line: it goes on with what is above, or starts a document that is indented. */
  function readIndented(byte: number): void {
    if (byte === HASH || byte === NEWLINE || byte === RETURN) return;
    if (isBetween) begin(lineStart);
    hasContent = true;
    isUnclear = true;
  }

  return {
    feed(chunk) {
      if (chunk.length === 0) return;
      checkReturns(chunk);
      const length = chunk.length;
      let index = 0;
      while (index < length && fault === undefined) {
        if (place === 'line-start') {
          lineStart = base + index;
          place = startLine(chunk[index] ?? 0, chunk[index + 1]);
        } else if (place === 'indent') {
          const byte = chunk[index] ?? 0;
          if (byte === SPACE || byte === TAB) index += 1;
          else {
            readIndented(byte);
            place = 'rest';
          }
        } else if (place === 'rest') {
          index = endOfLine(chunk, index) + 1;
          if (index <= length) place = 'line-start';
        } else {
          const end = endOfLine(chunk, index);
          addToLine(chunk.subarray(index, end));
          index = end + 1;
          if (end === length) continue;
          takeLine();
          place = 'line-start';
        }
      }
      base += length;
      if (!isBetween && base - documentStart > LIMITS.yamlDocumentBytes) failTooLong();
    },
    end() {
      if (endsInReturn) fail(base, 'a line that ends in CR alone');
      if (place === 'line') takeLine();
      finish(base);
      return fault === undefined ? { documents } : { documents, fault };
    },
  };
}

function endOfLine(chunk: Uint8Array, from: number): number {
  const length = chunk.length;
  let index = from;
  while (index < length && chunk[index] !== NEWLINE) index += 1;
  return index;
}
