import { expect, it } from 'vitest';
import { formatResource } from './format-resource.ts';

it('sorts keys at every level and quotes what YAML 1.1 takes for something else than text', () => {
  const resource = { kind: 'Example', data: { b: 'on', a: '0o7', c: '12e3' }, apiVersion: 'v1' };
  expect(formatResource(resource)).toBe(`apiVersion: v1
data:
  a: 0o7
  b: "on"
  c: "12e3"
kind: Example
`);
});

it('never breaks a long line and never writes an alias', () => {
  const text = 'word '.repeat(60).trim();
  const list = ['a'];
  expect(formatResource({ a: text, b: list, c: list })).toBe(`a: ${text}\nb:\n- a\nc:\n- a\n`);
});
