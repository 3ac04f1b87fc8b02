import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseChallenges } from './parse-challenges.ts';

function read(...values: string[]): unknown {
  return parseChallenges(values).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

it.each([
  {
    what: 'one challenge',
    values: ['Bearer realm="https://quay.io/v2/auth",service="quay.io"'],
    read: [['bearer', { realm: 'https://quay.io/v2/auth', service: 'quay.io' }]],
  },
  {
    what: 'a scope with commas',
    values: ['Bearer realm="r",scope="repository:a/b:pull,push",error="insufficient_scope"'],
    read: [
      ['bearer', { realm: 'r', scope: 'repository:a/b:pull,push', error: 'insufficient_scope' }],
    ],
  },
  {
    what: 'several headers',
    values: ['Negotiate', 'Basic realm="x"'],
    read: [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ],
  },
  {
    what: 'several challenges in one header',
    values: ['Negotiate abc==, BASIC Realm = "a, b" , charset=UTF-8, Bearer realm=r'],
    read: [
      ['negotiate', {}],
      ['basic', { realm: 'a, b', charset: 'UTF-8' }],
      ['bearer', { realm: 'r' }],
    ],
  },
  {
    what: 'escapes in quoted strings',
    values: [String.raw`Basic realm="say \"hi\" \\ there"`],
    read: [['basic', { realm: String.raw`say "hi" \ there` }]],
  },
  {
    what: 'the first of a repeated parameter',
    values: ['Basic realm=a, realm=b'],
    read: [['basic', { realm: 'a' }]],
  },
  {
    what: 'a string without end',
    values: ['Basic realm="abc'],
    read: [['basic', { realm: 'abc' }]],
  },
  { what: 'nothing in a parameter without a scheme', values: ['realm="y"'], read: [] },
  { what: 'nothing in an empty header', values: [''], read: [] },
])('reads $what', ({ values, read: expected }) => {
  expect(read(...values)).toEqual(expected);
});

it('reads back every challenge, however it is quoted', () => {
  const token = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
  const challenge = fc.tuple(
    token,
    fc.dictionary(token, fc.string({ unit: 'grapheme-ascii' }), {
      minKeys: 1,
      maxKeys: 4,
      noNullPrototype: true,
    }),
  );
  fc.assert(
    fc.property(fc.array(challenge, { maxLength: 3 }), fc.boolean(), (challenges, isOneHeader) => {
      const texts = challenges.map(
        ([scheme, parameters]) =>
          `${scheme} ${Object.entries(parameters)
            .map(([name, value]) => `${name}="${value.replace(/["\\]/g, String.raw`\$&`)}"`)
            .join(', ')}`,
      );
      expect(read(...(isOneHeader ? [texts.join(', ')] : texts))).toEqual(challenges);
    }),
  );
});

it('comes to an end for any text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(Array.isArray(parseChallenges([text]))).toBe(true);
    }),
  );
});
