import { expect, it } from 'vitest';
import { mayDeleteBy } from './token-access.ts';

function jwt(payload: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`;
}

function access(...actions: string[]): string {
  return jwt({ access: [{ type: 'repository', name: 'team/app', actions }] });
}

it.each([
  { token: access('pull', '*'), asked: 'pull', says: 'yes' },
  { token: access('pull', 'delete'), asked: '*', says: 'yes' },
  { token: access('pull', 'push'), asked: '*', says: 'no' },
  { token: access('pull', 'push'), asked: 'delete,pull', says: 'no' },
  { token: jwt({ access: [] }), asked: '*', says: 'no' },
  { token: access('pull', 'push'), asked: 'pull,push', says: 'unknown' },
  {
    token: jwt({ access: [{ type: 'repository', name: 'other', actions: ['*'] }] }),
    asked: 'pull',
    says: 'unknown',
  },
  { token: jwt({ sub: 'me' }), asked: '*', says: 'unknown' },
  { token: 'opaque', asked: '*', says: 'unknown' },
  { token: 'a.!!.c', asked: '*', says: 'unknown' },
])('says $says for a token asked with $asked', ({ token, asked, says }) => {
  expect(mayDeleteBy(token, 'team/app', [`repository:team/app:${asked}`])).toBe(says);
});
