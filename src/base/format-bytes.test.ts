import { expect, it } from 'vitest';
import { formatBytes } from './format-bytes.ts';

it.each([
  { bytes: 0, text: '0 B' },
  { bytes: 1023, text: '1023 B' },
  { bytes: 1024, text: '1.0 KiB' },
  { bytes: 3_650_722_201, text: '3.4 GiB' },
  { bytes: 2 ** 60, text: '1024.0 PiB' },
])('writes $bytes bytes as $text', ({ bytes, text }) => {
  expect(formatBytes(bytes)).toBe(text);
});
