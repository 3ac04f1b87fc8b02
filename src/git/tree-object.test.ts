import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatTree, kindOfMode, nameToText, parseTree, textToName } from './tree-object.ts';

const ID = 'ab'.repeat(20);
const entry = fc.record({
  mode: fc.constantFrom('100644', '100664', '100755', '120000', '160000', '40000'),
  name: fc
    .uint8Array({ min: 1, max: 255, minLength: 1, maxLength: 20 })
    .map((bytes) => Buffer.from(bytes).toString('latin1')),
  objectId: fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .map((b) => Buffer.from(b).toString('hex')),
});

it('writes what it reads, byte for byte, whatever the names and modes', () => {
  const trees = fc.uniqueArray(entry, { selector: ({ name }) => name });
  fc.assert(
    fc.property(trees, (entries) => {
      const content = formatTree(entries);
      expect(formatTree(parseTree(content))).toEqual(content);
      expect(parseTree(content)).toHaveLength(entries.length);
    }),
  );
});

it('sorts folders as if their names ended with a slash', () => {
  const entries = [
    { mode: '40000', name: 'a', objectId: ID },
    { mode: '100644', name: 'a.b', objectId: ID },
    { mode: '100644', name: 'a0', objectId: ID },
  ];
  const names = parseTree(formatTree(entries)).map(({ name }) => name);
  expect(names).toEqual(['a.b', 'a', 'a0']);
});

it('refuses any bytes that are no tree with one error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
      try {
        parseTree(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'GIT_INVALID' });
      }
    }),
  );
  expect(() => parseTree(Buffer.from('100644 a\0short'))).toThrow();
});

it.each([
  ['100644', 'file'],
  ['100755', 'file'],
  ['40000', 'folder'],
  ['040000', 'folder'],
  ['120000', 'symlink'],
  ['160000', 'submodule'],
])('takes mode %s for a %s', (mode, kind) => {
  expect(kindOfMode(mode)).toBe(kind);
});

it('converts names to text and back', () => {
  expect(nameToText(textToName('größe.yaml'))).toBe('größe.yaml');
  expect(textToName('ä')).toHaveLength(2);
});
