import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactJson,
  fieldOf,
  formatExactJson,
  itemsOf,
  parseExactJson,
  plainValue,
  textOf,
  withField,
} from './exact-json.ts';

describe('exact JSON', () => {
  it('keeps digits, escapes, fields given twice and their order', () => {
    const text =
      '{"z":12345678901234567890,"a":1.0,"e":1E+2,"s":"\\u003c\\/é<&","z":-0,"n":[null,true,[],{}]}';
    expect(formatExactJson(parseExactJson(text, 'a test'))).toBe(text);
  });

  it('is written with four blanks a level', () => {
    const json = parseExactJson('{"a":[1.0,{"b":"c"}],"d":{},"e":[]}', 'a test');
    expect(formatExactJson(json, 4)).toBe(
      '{\n    "a": [\n        1.0,\n        {\n            "b": "c"\n        }\n    ],\n    "d": {},\n    "e": []\n}',
    );
  });

  it('reads what JSON.stringify writes, with blanks and without', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 4), (value, indent) => {
        const text = JSON.stringify(value);
        const json = parseExactJson(JSON.stringify(value, undefined, indent), 'a test');
        expect(formatExactJson(json)).toBe(text);
        expect(formatExactJson(json, 4)).toBe(JSON.stringify(value, undefined, 4));
        expect(plainValue(json)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses what JSON.parse refuses', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '1',
      '01',
      '.',
      '-',
      'e',
      'true',
      '\\',
      'a',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        expect(accepts(() => parseExactJson(text, 'a test'))).toBe(accepts(() => JSON.parse(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads strings of any length, and refuses nesting without end', () => {
    const long = JSON.stringify(`"${'x\n'.repeat(2_000_000)}`);
    expect(formatExactJson(parseExactJson(long, 'a test'))).toBe(long);
    expect(() => parseExactJson('['.repeat(100_000), 'a test')).toThrow('a test is no valid JSON');
  });

  it('sets a field where it is, adds one at the end, removes one', () => {
    const json = parseExactJson('{"a":1.0,"b":2,"c":3}', 'a test');
    expect(formatExactJson(withField(json, 'b', exactJson('x')))).toBe('{"a":1.0,"b":"x","c":3}');
    expect(formatExactJson(withField(json, 'd', exactJson([])))).toBe(
      '{"a":1.0,"b":2,"c":3,"d":[]}',
    );
    expect(formatExactJson(withField(json, 'a', undefined))).toBe('{"b":2,"c":3}');
    expect(formatExactJson(withField(undefined, 'a', exactJson(1)))).toBe('{"a":1}');
  });

  it('finds fields without case, and of several the last, as encoding/json', () => {
    const json = parseExactJson('{"Entries":[1],"x":0,"entries":[2]}', 'a test');
    expect(itemsOf(json, 'entries')).toEqual([{ kind: 'scalar', text: '2' }]);
    expect(formatExactJson(withField(json, 'entries', exactJson([])))).toBe('{"Entries":[],"x":0}');
    expect(textOf(json, 'x')).toBe('');
    expect(fieldOf(exactJson([]), 'x')).toBeUndefined();
  });
});

function accepts(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
