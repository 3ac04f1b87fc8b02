import { expect, it } from 'vitest';
import { coversScopes, mergeScopes } from './merge-scopes.ts';

it.each([
  { scopes: [], merged: [] },
  { scopes: ['repository:a:push,pull', 'repository:a:pull'], merged: ['repository:a:pull,push'] },
  {
    scopes: ['repository:b:pull', 'repository:a:pull'],
    merged: ['repository:a:pull', 'repository:b:pull'],
  },
  { scopes: ['repository:a:pull', 'repository:a:*'], merged: ['repository:a:*'] },
  { scopes: ['registry:catalog:*'], merged: ['registry:catalog:*'] },
  { scopes: ['repository:host:5000/a:pull'], merged: ['repository:host:5000/a:pull'] },
  { scopes: ['', 'nonsense'], merged: [] },
])('merges $scopes into $merged', ({ scopes, merged }) => {
  expect(mergeScopes(scopes)).toEqual(merged);
});

it.each([
  { granted: ['repository:a:pull,push'], wanted: ['repository:a:pull'], covers: true },
  { granted: ['repository:a:*'], wanted: ['repository:a:delete'], covers: true },
  { granted: ['repository:a:pull'], wanted: ['repository:a:pull,push'], covers: false },
  { granted: ['repository:a:pull'], wanted: ['repository:b:pull'], covers: false },
])('knows whether $granted covers $wanted', ({ granted, wanted, covers }) => {
  expect(coversScopes(granted, wanted)).toBe(covers);
});
