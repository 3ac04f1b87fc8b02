import { type KeyValue, documentKeys, isKeyOfDocument } from './document-keys.ts';
import {
  type DocumentScanner,
  type FileFault,
  type ScannedDocument,
  TOO_MANY,
} from './document-scanner.ts';
import {
  BLANK,
  CLOSES,
  COLON,
  COMMA,
  FAULTY,
  KIND_OF_BYTE,
  LITERAL,
  OPENS,
  OPEN_OBJECT,
  QUOTES,
  endOfString,
} from './json-bytes.ts';
import { LIMITS } from './limits.ts';
import { createStringCapture } from './string-capture.ts';

/** The first letter of `null`. */
const N = 0x6e;

/** What may come next on the top level of a document. */
type Next = 'key-or-end' | 'key' | 'colon' | 'value' | 'comma-or-end';

/**
 * Finds concatenated JSON objects in one pass over the bytes, without parsing them: strings, brackets, and
 * the top-level keys. What it accepts is not all valid JSON below the top level; parsing tells.
 * `start`: the offset of the first byte in the file.
 */
export function createJsonScanner(start: number): DocumentScanner {
  const documents: ScannedDocument[] = [];
  const brackets = new Uint8Array(LIMITS.documentDepth + 1);
  const capture = createStringCapture();
  let fault: FileFault | undefined;
  /** The offset of the chunk in the file. */
  let base = start;
  let documentStart = 0;
  let depth = 0;
  let inString = false;
  let isEscaped = false;
  let isCaptured = false;
  let next: Next = 'key-or-end';
  /** The key that a value is for, if it counts. */
  let key: string | undefined;
  let pairs: { key: string; value: KeyValue }[] = [];

  function fail(offset: number, message: string): void {
    fault ??= { offset, message };
  }

  /** Goes on below the top level, up to its end or to what does not belong there. This is where the time goes. */
  function skipNested(chunk: Uint8Array, from: number): number {
    const length = chunk.length;
    let index = from;
    let level = depth;
    while (index < length && level > 1) {
      if (inString) {
        index = endOfString(chunk, index);
        if (index >= length) break;
        inString = false;
        index += 1;
      }
      while (index < length && (KIND_OF_BYTE[chunk[index] ?? 0] ?? FAULTY) <= COLON) index += 1;
      if (index === length) break;
      const byte = chunk[index] ?? 0;
      const kind = KIND_OF_BYTE[byte] ?? FAULTY;
      if (kind === QUOTES) inString = true;
      else if (kind === OPENS && level < LIMITS.documentDepth) {
        level += 1;
        brackets[level] = byte;
      } else if (kind === CLOSES && isClosing(level, byte)) level -= 1;
      else break;
      index += 1;
    }
    depth = level;
    return index;
  }

  /** `{` and `}` are two apart, and so are `[` and `]`. */
  function isClosing(level: number, byte: number): boolean {
    return (brackets[level] ?? 0) + 2 === byte;
  }

  function openString(offset: number, index: number): void {
    inString = true;
    const isKey = next === 'key' || next === 'key-or-end';
    if (depth === 0 || (!isKey && next !== 'value')) fail(offset, 'a string where none belongs');
    isCaptured = isKey || key !== undefined;
    if (isCaptured) capture.begin(index);
  }

  function closeString(chunk: Uint8Array, index: number): void {
    inString = false;
    const found = isCaptured ? capture.end(chunk, index) : undefined;
    isCaptured = false;
    if (next === 'value') {
      addValue(base + index, found);
      return;
    }
    key = found?.kind === 'text' && isKeyOfDocument(found.text) ? found.text : undefined;
    next = 'colon';
  }

  function addValue(offset: number, value: KeyValue | undefined): void {
    next = 'comma-or-end';
    if (key === undefined) return;
    if (value === undefined) fail(offset, `a value of "${key}" that is too long or no JSON string`);
    else pairs.push({ key, value });
    key = undefined;
  }

  function open(offset: number, byte: number): void {
    if (depth === 0 && byte === OPEN_OBJECT) {
      documentStart = offset;
      next = 'key-or-end';
      pairs = [];
    } else if (depth === 1 && next === 'value') addValue(offset, { kind: 'other' });
    else if (depth < 2) fail(offset, 'a bracket where none belongs');
    else fail(offset, `a document nested more than ${LIMITS.documentDepth} deep`);
    depth += 1;
    brackets[depth] = byte;
  }

  function close(offset: number, byte: number): void {
    const isDone = depth === 1 && (next === 'comma-or-end' || next === 'key-or-end');
    if (!isDone || !isClosing(depth, byte)) {
      fail(offset, `a "${String.fromCharCode(byte)}" that closes nothing`);
      return;
    }
    depth = 0;
    const keys = documentKeys(pairs);
    if ('fault' in keys) fail(documentStart, `a document that ${keys.fault}`);
    else if (documents.length === LIMITS.layerDocuments) fail(documentStart, TOO_MANY);
    else documents.push({ keys, start: documentStart, end: offset + 1 });
  }

  /** What is neither a string nor a bracket, on the top level or around it. */
  function readPart(offset: number, byte: number, kind: number): void {
    const isValue = kind === LITERAL && depth === 1;
    if (kind === FAULTY || depth !== 1) fail(offset, `${describeByte(byte)} where none belongs`);
    else if (isValue && next === 'value') addValue(offset, { kind: byte === N ? 'null' : 'other' });
    else if (kind === COLON && next === 'colon') next = 'value';
    else if (kind === COMMA && next === 'comma-or-end') next = 'key';
    // The rest of a literal follows its first byte.
    else if (!isValue || next !== 'comma-or-end') {
      fail(offset, `${describeByte(byte)} where none belongs`);
    }
  }

  function scan(chunk: Uint8Array, from: number): number {
    const length = chunk.length;
    let index = from;
    while (index < length && fault === undefined) {
      if (depth > 1) {
        index = skipNested(chunk, index);
        if (index >= length || depth === 1) continue;
      } else if (inString) {
        index = endOfString(chunk, index);
        if (index >= length) continue;
        closeString(chunk, index);
        index += 1;
        continue;
      }
      const byte = chunk[index] ?? 0;
      const kind = KIND_OF_BYTE[byte] ?? FAULTY;
      index += 1;
      if (kind === BLANK) continue;
      if (kind === QUOTES) openString(base + index - 1, index);
      else if (kind === OPENS) open(base + index - 1, byte);
      else if (kind === CLOSES) close(base + index - 1, byte);
      else readPart(base + index - 1, byte, kind);
    }
    return index;
  }

  return {
    feed(chunk) {
      if (chunk.length === 0) return;
      const end = scan(chunk, isEscaped ? 1 : 0);
      isEscaped = end > chunk.length;
      if (isCaptured) capture.leave(chunk);
      base += chunk.length;
      if (depth > 0 && base - documentStart > LIMITS.jsonDocumentBytes) {
        fail(documentStart, `a document of more than ${LIMITS.jsonDocumentBytes} bytes`);
      }
    },
    end() {
      if (depth > 0) fail(documentStart, 'a document that is torn off: its end is missing');
      return fault === undefined ? { documents } : { documents, fault };
    },
  };
}

function describeByte(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? `"${String.fromCharCode(byte)}"`
    : `a byte 0x${byte.toString(16).padStart(2, '0')}`;
}
