import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { formatExactJson, plainValue } from '../../built/exact-json.ts';
import { exactJsonOfYaml } from './exact-yaml.ts';

it.each([
  {
    yaml: 'a: 12345678901234567890\nb: 1.0\nc: -0\n',
    json: '{"a":12345678901234567890,"b":1.0,"c":-0}',
  },
  { yaml: 'a: 0x10\nb: 0o17\nc: .5\nd: +3\n', json: '{"a":16,"b":15,"c":0.5,"d":3}' },
  {
    yaml: 'a: "1.0"\nb: ~\nc:\nd: yes\ne: "no"\nf: True\n',
    json: '{"a":"1.0","b":null,"c":null,"d":true,"e":"no","f":true}',
  },
  { yaml: '1.0: x\ntrue: y\n"a b": z\n', json: '{"1.0":"x","true":"y","a b":"z"}' },
  { yaml: 'a: &x [1.0]\nb: *x\n', json: '{"a":[1.0],"b":[1.0]}' },
  { yaml: 'a: &x 1\nb: &y [*x]\nc: &x 2\nd: *y\n', json: '{"a":1,"b":[1],"c":2,"d":[1]}' },
  {
    yaml: 'a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n',
    json: '{"a":{"p":1,"q":2},"b":{"p":1,"q":3}}',
  },
  {
    yaml: '# first\na: |\n  x\n  y\nb: >-\n  x\n  y\nd: 2024-01-01\n',
    json: '{"a":"x\\ny\\n","b":"x y","d":"2024-01-01"}',
  },
])('writes $json', ({ yaml, json }) => {
  expect(formatExactJson(exactJsonOfYaml(yaml, 'a test'))).toBe(json);
});

it('gives the values that were written', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as unknown;
      // Quotes what would be read as something else: `ON` is a boolean to those who read catalogs.
      const yaml = stringify(plain, { compat: 'yaml-1.1' });
      expect(plainValue(exactJsonOfYaml(yaml, 'a test'))).toEqual(plain);
    }),
    { examples: [[{ a: { b: 'ON' } }]] },
  );
});

it.each([
  { what: 'a number that JSON has not', yaml: 'a: .inf\n' },
  { what: 'an unknown alias', yaml: 'a: *x\n' },
  { what: 'an alias inside its anchor', yaml: 'a: &x [*x]\n' },
  { what: 'broken syntax', yaml: 'a: [\n' },
  { what: 'a list as a key', yaml: '? [a]\n: b\n' },
  {
    what: 'aliases that multiply',
    yaml: `a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n${Array.from({ length: 9 }, (_, index) => `a${index + 1}: &a${index + 1} [${Array(10).fill(`*a${index}`).join(',')}]\n`).join('')}`,
  },
])('refuses $what', ({ yaml }) => {
  expect(() => exactJsonOfYaml(yaml, 'a test')).toThrow('a test cannot be written as JSON');
});
