import { expect, it } from 'vitest';
import { blobIdOf } from './blob-id.ts';

it.each([
  { text: '', id: 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391' },
  { text: 'hello\n', id: 'ce013625030ba8dba906f756967f9e9ca394464a' },
])('gives $text the id that git gives it', ({ text, id }) => {
  expect(blobIdOf(Buffer.from(text))).toBe(id);
});
