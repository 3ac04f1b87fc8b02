import type { DocumentScanner, ScanResult } from './document-scanner.ts';
import { createJsonScanner } from './scan-json.ts';
import { createYamlScanner } from './scan-yaml.ts';

/** So many bytes have to tell the syntax. */
const MOST_HEAD = 64 * 1024;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/** A file scanned to its end. */
export interface ScannedFile extends ScanResult {
  readonly syntax: 'json' | 'yaml';
}

export interface FileScanner {
  feed(chunk: Uint8Array): void;
  end(): ScannedFile;
}

/** Finds the documents of a file, whose syntax its first bytes tell (spec 1.2). */
export function createFileScanner(): FileScanner {
  let scanner: DocumentScanner | undefined;
  let syntax: 'json' | 'yaml' = 'json';
  let head = Buffer.alloc(0);

  function choose(isAtEnd: boolean): DocumentScanner | undefined {
    const text = head.toString('latin1', 0, MOST_HEAD);
    const found = syntaxOf(text, isAtEnd || head.length >= MOST_HEAD);
    if (found === undefined) return undefined;
    syntax = found;
    const start = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
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

/**
 * `{` and then a quote or `}` begin JSON, everything else is YAML: also `{schema: …}`, a mapping in flow style. What is
 * nearly JSON is not taken for YAML, as much as it may be: a server of catalogs would refuse it.
 * Undefined: more bytes are needed.
 */
function syntaxOf(text: string, isWhole: boolean): 'json' | 'yaml' | undefined {
  if (!isWhole && BYTE_ORDER_MARK.startsWith(text)) return undefined;
  const match = /^(?:\u00ef\u00bb\u00bf)?[ \t\r\n]*(?:(\{)[ \t\r\n]*)?(.)?/s.exec(text);
  const [, brace, next] = match ?? [];
  if (next === undefined && !isWhole) return undefined;
  if (brace === undefined) return next === undefined ? 'json' : 'yaml';
  return next === undefined || next === '"' || next === '}' ? 'json' : 'yaml';
}
