import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { FieldPath } from './field-path.ts';
import { readPlainYaml } from './plain-yaml.ts';
import { YAML_LIMITS, type YamlDocument, readAnyYaml, readYaml } from './yaml-document.ts';

const IMAGE_SET = `---
# Who owns this: team A
apiVersion: mirror.openshift.io/v2alpha1
kind: ImageSetConfiguration
archiveSize: 4 # GiB
mirror:
  platform:
    graph: true
    channels:
    - name: stable-4.18   # the same column as its field
      minVersion: 4.18.1
      type:
    - {name: "okd", full: false, other: []}
  additionalImages:

    - name: quay.io/team/app:v1.2
    - name: 'localhost:5000/app@sha256:0a'

      platforms:
        - os: linux
          architecture: amd64
  blockedImages: [{name: "a|b"}, {name: c}]
`;

describe('readPlainYaml', () => {
  it('reads an image set without the library, as the library does', () => {
    expect(readPlainYaml(IMAGE_SET)?.value).toMatchObject({
      archiveSize: 4,
      mirror: { platform: { channels: [{ minVersion: '4.18.1', type: null }, { full: false }] } },
    });
    expectSame(IMAGE_SET);
  });

  it.each([
    ['indented', JSON.stringify({ a: [{ name: 'q/a:1', n: 1, t: true }, []], b: {} }, null, 2)],
    ['of one line', JSON.stringify({ a: [{ name: 'q/a:1', n: 1, t: true }, [[]]], b: {} })],
  ])('reads JSON %s', (_, text) => {
    expect(readPlainYaml(`${text}\n`)).toBeDefined();
    expectSame(`${text}\n`);
  });

  it.each([
    ['a version of two parts, which is a number', 'a: 4.20\n'],
    ['a number that is not as JSON writes it', 'a: 010\n'],
    ['another word for true', 'a: yes\n'],
    ['null', 'a: null\n'],
    ['an escape', 'a: "\\x41"\n'],
    ['quotes in quotes', "a: 'it''s'\n"],
    ['words with spaces', 'a: two words\n'],
    ['text of several lines', 'a: one\n  two\n'],
    ['quoted text of several lines', 'a: "one\n  two"\n'],
    ['a block of text', 'a: |\n  one\n'],
    ['an anchor', 'a: &b c\n'],
    ['an alias', 'a: *b\n'],
    ['a tag', 'a: !!str b\n'],
    ['a merge key', '<<: {a: b}\n'],
    ['a field given twice', 'a: 1\na: 2\n'],
    ['two documents', 'a: 1\n---\nb: 2\n'],
    ['the end of a document', 'a: 1\n...\n'],
    ['a directive', '%YAML 1.2\n---\na: 1\n'],
    ['a tab', 'a:\tb\n'],
    ['line ends of Windows', 'a: b\r\n'],
    ['a list in a line of a list', '- - a\n'],
    ['an empty item', '-\n- a\n'],
    ['a list that is less indented than its field', 'a:\n  b:\n - c\n'],
    ['a field that is indented otherwise', 'a: 1\n b: 2\n'],
    ['an item among fields', 'a: 1\n- b\n'],
    ['a field among items', '- a\nb: 1\n'],
    ['a bracket that is not closed', 'a: [b\n'],
    ['brackets over two lines', 'a: [b,\n  c]\n'],
    ['a comma too many', '[a,]\n'],
    ['a pair in a list', '[a: b]\n'],
    ['text behind quotes', 'a: "b" c\n'],
    ['a comment without a space', 'a: b#c\n'],
    ['a complex key', '? a\n: b\n'],
    ['a word alone', 'word\n'],
    ['nothing', ''],
  ])('leaves %s to the library', (_, text) => {
    expect(readPlainYaml(text)).toBeUndefined();
  });

  it('gives what the library gives, whatever the words and their order', () => {
    const line = fc.tuple(
      fc.constantFrom('', '', '  ', '  ', '    ', '      ', ' '),
      fc.constantFrom('', '', '- ', '-   '),
      fc.constantFrom(
        ...['a: 1', 'b: x', 'c:', 'd: "q: r" # no', "e: 's'", 'f: {g: h, i: [1, "j"]}'],
        ...['w', '"k"', 'name: q.io/a/b:v1', 'l: # c', '# m', '', 'n: 4.1', 'o: [p', 'a:', '[]'],
        ...['1.2.3', 'true', 'no', 'x: {"y":1}', 'z: a b', 'u:v', 'u: v:', '- t', 'é: ü', "''"],
      ),
      fc.constantFrom('', '', ' ', ' #c'),
    );
    let plain = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.boolean(), (lines, isMarked) => {
        const body = lines.map((parts) => `${parts.join('')}\n`).join('');
        const text = isMarked ? `---\n${body}` : body;
        if (readPlainYaml(text) !== undefined) plain += 1;
        expectSame(text);
      }),
      { numRuns: 20_000 },
    );
    expect(plain).toBeGreaterThan(100);
  });

  it('reads lists and mappings of any indentation without the library, as the library does', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9999), { minLength: 80, maxLength: 80 }), (choices) => {
        const text = plainText(choices);
        expect(readPlainYaml(text)).toBeDefined();
        expectSame(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives what the library gives of brackets in any order', () => {
    const token = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ', ',
        ': ',
        ':',
        '"a"',
        '"b": ',
        'c: ',
        'd',
        ' ',
        '\n',
        '1',
        '#',
      ],
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 14 }), (tokens) => {
        expectSame(tokens.join(''));
        expectSame(`{"k": [${tokens.join('')}]}`);
      }),
      { numRuns: 5_000 },
    );
  });

  it('gives what the library gives of all data', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        fc.pre(!/[\0\uFFFD\uFEFF]/.test(JSON.stringify(value)));
        for (const text of [JSON.stringify(value), stringify(value)]) expectSame(text);
      }),
    );
  });

  it.each(['[', '{"a":', '- a\n', 'a:\n', ' ', '\n', '#', '"', "'", 'a', 'a:', '\n#', '{}'])(
    'comes to an end for a megabyte of %j',
    (token) => {
      const text = token.repeat(Math.floor(YAML_LIMITS.bytes / token.length));
      expect(() => readPlainYaml(text)).not.toThrow();
      expect(() => readPlainYaml(`a: ${text}`)).not.toThrow();
    },
  );
});

type Lines = readonly string[];

/** Lists and mappings as people may write them, chosen by numbers. */
function plainText(choices: readonly number[]): string {
  let used = 0;
  const choose = <T>(of: readonly T[], or: T): T =>
    of[(choices[used++ % choices.length] ?? 0) % of.length] ?? or;
  const inLine = (): string =>
    choose(
      [
        ...['w', 'q.io/a/b:v1.2', '"d: #"', "'s - s'", '12', 'true', '1.2.3', '[]', '{}'],
        ...['[a, "b"]', '{k: v, "l":[1]}'],
      ],
      'w',
    );
  const indented = (lines: Lines, by: number): Lines =>
    lines.map((line) => `${' '.repeat(by)}${line}`);

  function block(depth: number): Lines {
    return choose([true, false], true) ? mapping(depth) : list(depth);
  }

  function mapping(depth: number): Lines {
    const keys = choose([['a'], ['a', 'b'], ['c.d', 'e-f', 'name']], ['a']);
    return keys.flatMap((key) => {
      const kind = depth > 3 ? 'in line' : choose(['in line', 'nothing', 'below'], 'nothing');
      if (kind === 'in line') return [`${key}: ${inLine()}`];
      if (kind === 'nothing') return [`${key}:`];
      const lines = block(depth + 1);
      const least = lines[0]?.startsWith('-') === true ? 0 : 1;
      return [`${key}:`, ...indented(lines, least + choose([0, 1, 2, 3], 1))];
    });
  }

  function list(depth: number): Lines {
    return choose([[1], [1, 2], [1, 2, 3]], [1]).flatMap(() => {
      if (depth > 3 || choose([true, false], true)) return [`- ${inLine()}`];
      const [first = '', ...rest] = mapping(depth + 1);
      const gap = choose([1, 1, 3], 1);
      return [`-${' '.repeat(gap)}${first}`, ...indented(rest, gap + 1)];
    });
  }

  return block(0)
    .map((line) => `${line}${choose(['', '', ' ', ' # c'], '')}\n`)
    .map((line) => `${line}${choose(['', '', '', '\n', '# c\n', '   # c: d\n'], '')}`)
    .join('');
}

/** What is read plainly is what the library reads: no problems, the same data, the same places. */
function expectSame(text: string): void {
  if (readPlainYaml(text) === undefined) return;
  const { documents, problems } = readYaml('a.yaml', text);
  const expected = readAnyYaml('a.yaml', text);
  expect(expected.problems).toEqual([]);
  expect(expected.documents).toHaveLength(1);
  const [document, other] = [documents[0], expected.documents[0]];
  if (document === undefined || other === undefined) throw new Error('there is a document');
  expect([document.problems, problems, other.problems]).toEqual([[], [], []]);
  expect(JSON.stringify(document.value)).toBe(JSON.stringify(other.value));
  for (const path of pathsOf(other.value))
    expect(placeOf(document, path)).toEqual(placeOf(other, path));
}

function placeOf(document: YamlDocument, path: FieldPath): unknown {
  return [path, document.positionOf(path), document.sourceOf(path)];
}

/** Of everything in a value, and beside everything of what is not there. */
function pathsOf(value: unknown, path: FieldPath = []): FieldPath[] {
  const absent = [
    [...path, 'absent'],
    [...path, 99, 'x'],
  ];
  if (typeof value !== 'object' || value === null) return [path, ...absent];
  const steps = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  const inner = steps.flatMap((step) =>
    pathsOf((value as Record<string | number, unknown>)[step], [...path, step]),
  );
  return [path, ...absent, ...inner];
}
