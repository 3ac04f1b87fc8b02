import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import type { DocumentKeys } from './document-keys.ts';
import { LIMITS } from './limits.ts';
import { parseDocument } from './parse-document.ts';
import { keysOfParsed, unclearKeys } from './resolve-unclear.ts';
import { type FileScanner, type ScannedFile, createFileScanner } from './scan-file.ts';

interface Found extends DocumentKeys {
  readonly text: string;
}

describe('JSON', () => {
  it.each([
    { what: 'objects without anything between them', text: '{"schema":"a"}{"schema":"b"}' },
    { what: 'objects on lines of their own', text: '\n{"schema":"a"}\n\r\n\t{"schema":"b"} \n' },
    { what: 'a byte order mark', text: '\ufeff{"schema":"a"}{"schema":"b"}' },
    { what: 'keys and values with escapes', text: '{"s\\u0063hema":"\\u0061"}{"schema":"b"}' },
    { what: 'brackets and quotes in texts', text: '{"x":"}\\"{[","schema":"a"}{"schema":"b"}' },
    { what: 'a backslash before a quote', text: '{"schema":"a","x":{"y":"\\\\"}}{"schema":"b"}' },
    { what: 'the keys of nested objects', text: '{"schema":"a","x":{"schema":"c"}}{"schema":"b"}' },
  ])('finds documents with $what', ({ text }) => {
    const found = scan(text);

    expect(found.fault).toBeUndefined();
    expect(found.documents.map(({ schema }) => schema)).toEqual(['a', 'b']);
    for (const document of found.documents) expect(document.text).toMatch(/^\{.*\}$/s);
  });

  it('takes the keys in any case, and a package that is null as none', () => {
    const found = scan(
      '{"Schema":"olm.bundle","PACKAGE":"p","Name":"n"}{"schema":"x","package":null}',
    );

    expect(found.documents).toMatchObject([
      { schema: 'olm.bundle', package: 'p', name: 'n' },
      { schema: 'x', package: '', name: '' },
    ]);
  });

  it('takes the name of an olm.package as its package', () => {
    const [found] = scan('{"schema":"olm.package","name":"p","package":"other"}').documents;

    expect(found).toMatchObject({ package: 'p', name: 'p' });
  });

  it.each([
    { what: 'two keys that differ in case', text: '{"schema":"a","Schema":"a"}', offset: 0 },
    { what: 'a key twice', text: '{"schema":"a","name":"x","name":"y"}', offset: 0 },
    { what: 'no schema', text: '{"schema":"a"}\n{"name":"x"}', offset: 15 },
    { what: 'an empty schema', text: '{"schema":""}', offset: 0 },
    { what: 'a number for a name', text: '{"schema":"a","name":1}', offset: 0 },
    { what: 'an object for a name', text: '{"schema":"a","name":{}}', offset: 0 },
    { what: 'a torn document', text: '{"schema":"a"}\n{"schema":"b","x":[', offset: 15 },
    { what: 'a torn text', text: '{"schema":"a","x":"b', offset: 0 },
    { what: 'another bracket at its end', text: '{"schema":"a","x":[}}', offset: 19 },
    { what: 'a bracket too many', text: '{"schema":"a"}}', offset: 14 },
    { what: 'a text between documents', text: '{"schema":"a"} "x"', offset: 15 },
    { what: 'a list beside objects', text: '{"schema":"a"}[]', offset: 14 },
    { what: 'a key without a value', text: '{"schema":"a","x"}', offset: 17 },
    { what: 'no comma', text: '{"schema":"a" "x":1}', offset: 14 },
    { what: 'a comma at its end', text: '{"schema":"a",}', offset: 14 },
    { what: 'words outside of texts', text: '{"schema":"a","x":{"y":oops}}', offset: 23 },
    { what: 'too deep a nest', text: `{"schema":"a","x":${'['.repeat(1500)}`, offset: 1017 },
    { what: 'too many documents', text: '{"schema":"a"}'.repeat(250_001), offset: 3_500_000 },
    { what: 'too long a name', text: `{"schema":"a","name":"${'n'.repeat(5000)}"}`, offset: 5022 },
  ])('refuses $what, and says where', ({ text, offset }) => {
    expect(scan(text)).toMatchObject({ syntax: 'json', fault: { offset } });
  });

  it('refuses a document that is too long before it is whole', () => {
    const scanner = createFileScanner();
    scanner.feed(Buffer.from('{"schema":"a","x":"'));
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let mebibytes = 0; mebibytes <= 64; mebibytes += 1) scanner.feed(piece);

    expect(scanner.end().fault).toMatchObject({ offset: 0 });
  });
});

describe('YAML', () => {
  it.each([
    {
      what: 'a comment before the first separator',
      text: '# us\n---\nschema: a\n---\nschema: b\n',
    },
    { what: 'a document before the first separator', text: 'schema: a\n---\nschema: b\n' },
    {
      what: 'empty documents',
      text: '---\n---\n# no\n---\nschema: a\n---\n\n---\nschema: b\n---\n',
    },
    { what: 'an end of a document', text: 'schema: a\n...\n# no\n---\nschema: b\n...\n' },
    { what: 'directives', text: '%YAML 1.2\n---\nschema: a\n...\n%YAML 1.2\n---\nschema: b\n' },
    { what: 'a comment behind a separator', text: '--- # one\nschema: a\n---\t# two\nschema: b\n' },
    { what: 'CRLF', text: '---\r\nschema: a\r\n---\r\nschema: b\r\n' },
    { what: 'a byte order mark', text: '\ufeffschema: a\n---\nschema: b\n' },
    { what: 'no line break at the end', text: 'schema: a\n---\nschema: b' },
    { what: 'quoted keys and values', text: '"schema": \'a\'\n---\n\'schema\' : "b" # x\n' },
    { what: 'documents that are JSON', text: '---\n{"schema": "a"}\n---\n{"schema": "b"}\n' },
    { what: 'flow style', text: '--- {schema: a}\n---\n{\nschema: b}\n' },
    { what: 'flow style from the first byte', text: '{schema: a}\n---\n{schema: b}\n' },
    { what: 'indented mappings', text: '---\n  schema: a\n  x: y\n---\n  x: 1\n  schema: b\n' },
    { what: 'anchors, tags and explicit keys', text: '&x schema: a\n---\n? schema\n: !!str b\n' },
    { what: 'merged keys', text: 'x: &x {schema: a}\n<<: *x\n---\nschema: b\n' },
    { what: 'a value on the next line', text: 'schema:\n  a\n---\nschema: >-\n  b\n' },
    {
      what: 'separators within indented texts',
      text: 'schema: a\nx: |\n  ---\n  schema: c\ny: "\n  ---"\n---\nschema: b\n',
    },
    {
      what: 'lists in column 0',
      text: 'schema: a\nentries:\n- name: x\n- schema: y\n---\nschema: b\nx:\n-\n  schema: z\n',
    },
    {
      what: 'a key that begins alike',
      text: 'schema: a\nschemas: c\nname-of: d\n---\nschemata:\n  schema: e\nschema: b\n',
    },
  ])('finds documents with $what', ({ text }) => {
    const found = scan(text);

    expect(found.fault).toBeUndefined();
    expect(found.documents.map(({ schema }) => schema)).toEqual(['a', 'b']);
  });

  it.each(['\n', '\r\n'])('begins a document with the line below the separator (%j)', (newline) => {
    const [found] = scan(['--- # x', 'schema: a', ''].join(newline)).documents;

    expect(found?.text).toBe(`schema: a${newline}`);
  });

  it('leaves line breaks at the end of a document alone, which block texts keep', () => {
    const [first, second] = scan(
      '---\nschema: a\nx: |+\n  y\n\n---\nschema: b\nx: |\n  y\n',
    ).documents;

    expect(first?.text).toBe('schema: a\nx: |+\n  y\n\n');
    expect(second?.text).toBe('schema: b\nx: |\n  y\n');
  });

  it.each([
    { name: 'op.v1.0.0' },
    { name: '3scale-operator' },
    { name: 'stable-4.8' },
    { name: 'beta' },
  ])('knows $name for a text without parsing', ({ name }) => {
    const scanner = createFileScanner();
    scanner.feed(Buffer.from(`schema: x\nname: ${name}\n`));

    expect(scanner.end().documents[0]?.keys?.name).toBe(name);
  });

  it.each([
    { what: 'a number for a name', text: 'schema: a\nname: 1.10\n' },
    { what: 'a truth value for a name', text: 'schema: a\nname: true\n' },
    { what: 'a list for a name', text: 'schema: a\nname:\n- x\n' },
    { what: 'two keys that differ in case', text: 'schema: a\nSchema: a\n' },
    { what: 'a key twice', text: 'schema: a\nname: x\nname: y\n' },
    { what: 'no schema', text: '---\nname: x\n' },
    { what: 'a text for humans', text: '# Title\n\nSee https://example.com for more.\n' },
    { what: 'a list', text: '- schema: a\n' },
    { what: 'a text with lines like keys', text: '--- |\nschema: a\nname: b\n' },
    { what: 'a text that is no UTF-8', text: Buffer.from([0xff, 0xfe, 0x7b, 0]) },
    { what: 'a binary', text: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3]) },
    { what: 'a line that ends in CR alone', text: 'schema: a\nx: y\rz: w\n' },
    { what: 'a quoted text that goes on in column 0', text: 'schema: a\nx: "y\nz: w\n  "\n' },
    { what: 'a TAG directive', text: '%TAG ! x:\n---\nschema: a\n' },
    { what: 'brackets that are not closed', text: 'schema: a\n---\n{schema: b\n' },
    { what: 'aliases that multiply', text: bomb() },
    { what: 'too deep a nest', text: `{schema: a, x: ${'['.repeat(100_000)}` },
    {
      what: 'too long a document',
      text: `schema: a\nx: ${'y '.repeat(LIMITS.yamlDocumentBytes / 2)}`,
    },
  ])('refuses $what', ({ text }) => {
    expect(scan(text).fault).toBeDefined();
  });
});

describe('any text', () => {
  const word = fc.constantFrom(
    'a',
    'olm.bundle',
    'x-1',
    '3scale',
    'true',
    '1.0',
    '',
    'ü — "x"',
    '\n---\n',
  );
  const value = fc.oneof(
    word,
    fc.integer(),
    fc.string(),
    fc.array(fc.dictionary(fc.constantFrom('schema', 'name', 'x'), word), { maxLength: 3 }),
    fc.lorem({ maxCount: 40 }),
  );
  const document = fc
    .record(
      {
        name: fc.constantFrom('n', 'op.v1', '4.8', 'null'),
        package: fc.constantFrom('p', '1', 'q q'),
      },
      { requiredKeys: [] },
    )
    .chain((keys) =>
      fc.dictionary(fc.constantFrom('x', 'icon', 'entries', 'description'), value).map((more) => {
        return { ...more, schema: 'olm.other', ...keys };
      }),
    );
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 });

  it('is cut into the JSON documents that it was made of, however it comes', () => {
    const spaces = fc.constantFrom(0, 1, 4);
    fc.assert(
      fc.property(fc.array(document), spaces, sizes, (documents, indent, chunks) => {
        const text = documents.map((one) => JSON.stringify(one, null, indent)).join('\n');
        const found = scan(text, chunks);

        expect(found.fault).toBeUndefined();
        expect(found.documents.map((one) => JSON.parse(one.text) as unknown)).toEqual(documents);
        expect(found.documents.map(({ name }) => name)).toEqual(
          documents.map((one) => one.name ?? ''),
        );
      }),
    );
  });

  it('is cut into the documents that the YAML parser finds, however it comes', () => {
    const styles = fc.record({
      lineWidth: fc.constantFrom(0, 20, 80),
      indentSeq: fc.boolean(),
      defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'),
      collectionStyle: fc.constantFrom('any', 'flow'),
    } as const);
    const written = fc.tuple(document, styles, fc.constantFrom('---\n', '--- # x\n', '...\n---\n'));
    fc.assert(
      fc.property(fc.array(written), sizes, fc.boolean(), (documents, chunks, hasReturns) => {
        const lines = documents
          .map(([one, style, before]) => before + stringify(one, style))
          .join('');
        const text = hasReturns ? lines.replaceAll('\n', '\r\n') : lines;
        const expected = valuesOf(text).filter((one) => one !== null) as { name?: string }[];
        const found = scan(text, chunks);

        expect(expected).toHaveLength(documents.length);
        expect(found.fault).toBeUndefined();
        expect(found.documents.flatMap((one) => valuesOf(one.text))).toEqual(expected);
        expect(found.documents.map(({ name }) => name)).toEqual(
          expected.map(({ name }) => name ?? ''),
        );
      }),
    );
  });

  it('means what the parser says it means, or is refused, whatever was changed in it', () => {
    const pieces = [
      '---',
      '\n',
      ' ',
      '"',
      "'",
      '{',
      '}',
      ': ',
      '- ',
      '#',
      '|',
      '&a',
      '*a',
      '\t',
      'name',
      '\\',
      '...',
    ];
    const change = fc.record({
      at: fc.nat(400),
      removed: fc.nat(3),
      added: fc.constantFrom(...pieces, ''),
    });
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(document, { maxLength: 3 }),
        fc.boolean(),
        changes,
        sizes,
        (documents, isJson, list, chunks) => {
          let text = documents
            .map((one) => (isJson ? JSON.stringify(one) : `---\n${stringify(one)}`))
            .join('');
          for (const { at, removed, added } of list) {
            text = text.slice(0, at) + added + text.slice(at + removed);
          }
          const found = scan(text, chunks);
          expect(scan(text).documents).toEqual(found.documents);
          for (const one of found.documents) {
            const parsed = parseDocument(Buffer.from(one.text), found.syntax);
            if (parsed.kind !== 'object') continue;
            const { text: _, ...keys } = one;
            expect(keysOfParsed(parsed, 0)).toEqual(keys);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

/** Scans a text that comes in pieces of these sizes, over and over; parses what only parsing tells. */
function scan(
  text: string | Buffer,
  sizes: readonly number[] = [1 << 20],
): { documents: Found[]; fault?: ScannedFile['fault']; syntax: 'json' | 'yaml' } {
  const bytes = Buffer.from(text);
  return resolve(bytes, feed(bytes, sizes, createFileScanner()));
}

function feed(bytes: Buffer, sizes: readonly number[], scanner: FileScanner): ScannedFile {
  let start = 0;
  for (let turn = 0; start < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    scanner.feed(bytes.subarray(start, start + size));
    start += size;
  }
  return scanner.end();
}

function resolve(
  bytes: Buffer,
  { syntax, documents, fault }: ScannedFile,
): ReturnType<typeof scan> {
  const found: Found[] = [];
  for (const { keys, start, end } of documents) {
    const text = bytes.toString('utf8', start, end);
    const resolved = keys ?? unclearKeys(bytes.subarray(start, end), start);
    if (resolved === 'nothing') continue;
    if ('message' in resolved) return { documents: [], fault: resolved, syntax };
    found.push({ ...resolved, text });
  }
  return { documents: found, syntax, ...(fault === undefined ? {} : { fault }) };
}

function valuesOf(text: string): unknown[] {
  const documents = parseAllDocuments(text);
  return 'empty' in documents ? [] : documents.map((one) => one.toJS() as unknown);
}

function bomb(): string {
  const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [index, name] of Array.from('bcdefghi').entries()) {
    const before = 'abcdefgh'[index] ?? '';
    lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`);
  }
  return `<<: {schema: x}\n${lines.join('\n')}\n`;
}
