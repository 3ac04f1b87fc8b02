import type { DocumentScanner, ScanResult } from './document-scanner.ts';
import { createJsonScanner } from './scan-json.ts';
import { createYamlScanner } from './scan-yaml.ts';

/** Blanks before the first document that are waited for, bytes. */
const MOST_BLANKS = 64 * 1024;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** A file scanned to its end. */
export interface ScannedFile extends ScanResult {
  readonly syntax: 'json' | 'yaml';
}

export interface FileScanner {
  feed(chunk: Uint8Array): void;
  end(): ScannedFile;
}

/** Finds the documents of a file whose syntax its first byte tells: `{` is JSON, everything else YAML (spec 1.2). */
export function createFileScanner(): FileScanner {
  let scanner: DocumentScanner | undefined;
  let syntax: 'json' | 'yaml' = 'json';
  let head = Buffer.alloc(0);

  function choose(isAtEnd: boolean): DocumentScanner | undefined {
    const start = BYTE_ORDER_MARK.every((byte, index) => head[index] === byte) ? 3 : 0;
    const first = head.subarray(start).findIndex((byte) => !isBlank(byte));
    if (first < 0 && head.length < MOST_BLANKS && !isAtEnd) return undefined;
    // The mark comes in pieces too.
    if (start === 0 && head.length < 3 && !isAtEnd && head[0] === BYTE_ORDER_MARK[0])
      return undefined;
    syntax = first >= 0 && head[start + first] !== 0x7b ? 'yaml' : 'json';
    const chosen = syntax === 'json' ? createJsonScanner(start) : createYamlScanner(start);
    chosen.feed(head.subarray(start));
    return chosen;
  }

  return {
    feed(chunk) {
      if (scanner !== undefined) {
        scanner.feed(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      scanner = choose(false);
    },
    end() {
      scanner ??= choose(true);
      return { syntax, ...(scanner?.end() ?? { documents: [] }) };
    },
  };
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
