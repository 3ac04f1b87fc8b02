import { isUtf8 } from 'node:buffer';
import { LineCounter, parseDocument as parseYaml } from 'yaml';
import { LIMITS } from './limits.ts';

export type ParsedDocument =
  | { readonly kind: 'object'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'nothing' }
  /** `line`: of the document, from 0. */
  | { readonly kind: 'fault'; readonly message: string; readonly line: number };

/** Parses one document; only a JSON object or a YAML mapping is one. `nothing`: there are only comments. */
export function parseDocument(bytes: Uint8Array, syntax: 'json' | 'yaml'): ParsedDocument {
  if (!isUtf8(bytes)) return fault('a text that is not UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (syntax === 'json') return parsedJson(text) ?? fault('a document that is not valid JSON');
  // JSON is YAML, and its own parser is a hundred times faster.
  const json = text.startsWith('{') ? parsedJson(text) : undefined;
  return json ?? parsedYaml(text);
}

function parsedJson(text: string): ParsedDocument | undefined {
  try {
    return objectOrFault(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function parsedYaml(text: string): ParsedDocument {
  if (text.length > LIMITS.yamlDocumentBytes) {
    return fault(`a document of more than ${LIMITS.yamlDocumentBytes} bytes`);
  }
  const lineCounter = new LineCounter();
  try {
    const document = parseYaml(text, {
      lineCounter,
      logLevel: 'silent',
      prettyErrors: false,
      merge: true,
    });
    const [error] = document.errors;
    if (error !== undefined) {
      const line = Math.max(0, lineCounter.linePos(error.pos[0]).line - 1);
      return fault(`YAML that cannot be read: ${error.message.slice(0, 300)}`, line);
    }
    if (document.contents === null) return { kind: 'nothing' };
    return objectOrFault(document.toJS({ maxAliasCount: 1000 }));
  } catch (error) {
    // Too deep for the stack, or aliases that multiply.
    const reason = error instanceof Error ? error.message.slice(0, 300) : 'unknown reason';
    return fault(`YAML that cannot be read: ${reason}`);
  }
}

function objectOrFault(value: unknown): ParsedDocument {
  if (value === null) return { kind: 'nothing' };
  if (typeof value !== 'object' || Array.isArray(value))
    return fault('a document that is no object');
  return { kind: 'object', value: value as Readonly<Record<string, unknown>> };
}

function fault(message: string, line = 0): ParsedDocument {
  return { kind: 'fault', message, line };
}
