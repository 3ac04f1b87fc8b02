import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { YAML_LIMITS, readYaml } from './yaml-document.ts';

describe('readYaml', () => {
  it('knows where fields and items stand', () => {
    const [document] = readYaml(
      'a.yaml',
      'kind: x\nlist:\n  - name: one\n  - {name: two, tag: 4.20}\n',
    ).documents;

    expect(document?.value).toEqual({
      kind: 'x',
      list: [{ name: 'one' }, { name: 'two', tag: 4.2 }],
    });
    expect(document?.positionOf(['list'])).toEqual({ path: 'a.yaml', line: 2, column: 1 });
    expect(document?.positionOf(['list', 1])).toEqual({ path: 'a.yaml', line: 4, column: 5 });
    expect(document?.positionOf(['list', 1, 'tag'])).toMatchObject({ line: 4, column: 17 });
    expect(document?.positionOf(['list', 1, 'absent', 'x'])).toMatchObject({ line: 4, column: 5 });
    expect(document?.sourceOf(['list', 1, 'tag'])).toBe('4.20');
    expect(document?.sourceOf(['list', 1, 'absent'])).toBeUndefined();
  });

  it('reads JSON, with tabs too', () => {
    const { documents, problems } = readYaml(
      'a.json',
      '{\n\t"kind": "x",\n\t"list": [\n\t\ttrue\n\t]\n}\n',
    );

    expect(problems).toEqual([]);
    expect(documents[0]?.value).toEqual({ kind: 'x', list: [true] });
    expect(documents[0]?.positionOf(['list', 0])).toMatchObject({ line: 4, column: 3 });
  });

  it('reads every document, and the empty ones as null', () => {
    const values = readYaml('a.yaml', '---\na: 1\n---\n---\nb: 2\n...\n').documents.map(
      ({ value }) => value,
    );

    expect(values).toEqual([{ a: 1 }, null, { b: 2 }]);
  });

  it.each(['yes', 'On', 'true'])('reads %s as true, as the reference tool does', (text) => {
    expect(readYaml('a', `graph: ${text}`).documents[0]?.value).toEqual({ graph: true });
  });

  it('keeps a broken document from hiding the next one', () => {
    const { documents, problems } = readYaml('a', 'a: b: c\n---\nb: 2\n');

    expect(problems).toHaveLength(1);
    expect(documents.map(({ value }) => value)).toEqual([{ b: 2 }]);
  });

  it('leaves a byte order mark at the start alone', () => {
    expect(readYaml('a', '\uFEFFkind: x').documents[0]?.value).toEqual({ kind: 'x' });
  });

  it.each([
    { what: 'a tab', text: 'a:\n\tb: 1\n', line: 2, column: 1, message: /^a tab/ },
    {
      what: 'a template',
      text: 'a: 1\nb: {{ .Values.x }}\n',
      line: 2,
      column: 5,
      message: /name of a field/,
    },
    { what: 'an open bracket', text: 'kind: [a\n', line: 2, column: 1, message: /not valid YAML/ },
    { what: 'Latin-1', text: 'a: b\nc: M\uFFFDller\n', line: 2, column: 5, message: /UTF-8/ },
    { what: 'UTF-16', text: 'k\0i\0', line: 1, column: 2, message: /UTF-8/ },
    { what: 'a mark inside', text: 'a: 1\n\uFEFFb: 2', line: 2, column: 1, message: /byte order/ },
    {
      what: 'too many bytes',
      text: ' '.repeat(YAML_LIMITS.bytes + 1),
      line: 1,
      column: 1,
      message: /larger/,
    },
    {
      what: 'too many documents',
      text: '---\n'.repeat(2000),
      line: 1,
      column: 1,
      message: /documents/,
    },
    { what: 'deep brackets', text: '['.repeat(100_000), line: 1, column: 67, message: /levels/ },
    { what: 'deep lists', text: '- '.repeat(10_000), line: 1, column: 132, message: /levels/ },
  ])('has one problem with $what, and its place', ({ text, line, column, message }) => {
    const { documents, problems } = readYaml('a.yaml', text);

    expect(documents).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toMatch(message);
    expect(problems[0]?.position).toEqual({ path: 'a.yaml', line, column });
  });

  it.each([
    { what: 'a field given twice', text: 'a:\n  b: 1\n  b: 2\n', field: 'a.b', line: 3 },
    { what: 'a merge key', text: 'x: &x {a: 1}\ny:\n  <<: *x\n', field: 'y."<<"', line: 3 },
    { what: 'an alias of nothing', text: 'a: *b\n', field: 'a', line: 1 },
    { what: 'an alias of itself', text: 'a: &a [*a]\n', field: 'a[0]', line: 1 },
    { what: 'a tag', text: 'a: 1\nb: !Ref x\n', field: '', line: 2 },
  ])('reads on after $what, and says so', ({ text, field, line }) => {
    const [document] = readYaml('a.yaml', text).documents;

    expect(document?.problems).toMatchObject([{ field, position: { line } }]);
  });

  it('finds what is left of a merge, and leaves lines alone that only look like it', () => {
    const conflict = 'a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> other\n';
    const text = 'a: |\n  x\n  <<<<<<< no\n';

    expect(readYaml('a.yaml', conflict)).toMatchObject({
      documents: [],
      problems: [
        {
          position: { line: 2, column: 1 },
          message: expect.stringContaining('merge conflict') as string,
        },
      ],
    });
    expect(readYaml('a.yaml', text).problems).toEqual([]);
  });

  it('refuses aliases that stand for a billion values, at once', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items = level === 0 ? ['x'] : [`*l${level - 1}`];
      return `l${level}: &l${level} [${Array(10).fill(items[0]).join(', ')}]`;
    });

    const [document] = readYaml('a.yaml', levels.join('\n')).documents;

    expect(document?.problems).toHaveLength(1);
    expect(document?.problems[0]?.message).toContain('repeat more than');
  });

  it('counts what aliases nest', () => {
    const levels = Array.from({ length: 70 }, (_, level) =>
      level === 0 ? 'l0: &l0 [x]' : `l${level}: &l${level} [*l${level - 1}]`,
    );

    expect(readYaml('a', levels.join('\n')).documents[0]?.problems).toHaveLength(1);
  });

  it('takes names of prototypes for names', () => {
    const value = readYaml('a', '__proto__: {kind: x}\nconstructor: y\n').documents[0]?.value;

    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect((value as { kind?: string }).kind).toBeUndefined();
  });

  it('reads back what it is given as JSON and as YAML', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        // The library writes what YAML 1.2 reads; three words are booleans here.
        fc.pre(!/\b(?:yes|no|on|off)\b/i.test(JSON.stringify(value)));
        fc.pre(!/[\0\uFFFD\uFEFF]|\\u|<<|__proto__/.test(JSON.stringify(value)));
        for (const text of [JSON.stringify(value), stringify(value)]) {
          const { documents, problems } = readYaml('a', text);
          expect(problems).toEqual([]);
          expect(JSON.stringify(documents[0]?.value)).toBe(JSON.stringify(value));
        }
      }),
    );
  });

  it('never throws', () => {
    const token = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&x ',
      '*x',
      '|',
      '<<',
      '---\n',
      '#',
      '? ',
      ',',
      '!t ',
      '\t',
      '%',
      '@',
      '>',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), (tokens) => {
        const { documents, problems } = readYaml('a', tokens.join(''));
        for (const { position } of [...problems, ...documents.flatMap((one) => one.problems)]) {
          expect(position.line).toBeGreaterThan(0);
          expect(position.column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    '[',
    '{a: ',
    '- ',
    '? ',
    '"',
    "'",
    '&a ',
    '*a ',
    '! ',
    '"\\x',
    '|\n',
    '---\n',
    '<<: *a\n',
    '\0',
  ])('comes to an end for %j, ten thousand times', (token) => {
    const { documents, problems } = readYaml('a', token.repeat(10_000));
    expect(documents.length + problems.length).toBeGreaterThan(0);
  });
});
