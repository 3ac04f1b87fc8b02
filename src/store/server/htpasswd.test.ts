import { hashSync } from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import { createPasswordCheck, loadPasswordCheck, parseHtpasswd } from './htpasswd.ts';

const HASH = hashSync('secret', 4);

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

describe('parseHtpasswd', () => {
  it('reads users, comments and empty lines, and the spellings of bcrypt', () => {
    const other = HASH.replace('$2b$', '$2y$');
    const users = parseHtpasswd('f', `# team\n\nann:${HASH}\r\nbob:${other}\n`);
    expect([...users]).toEqual([
      ['ann', HASH],
      ['bob', other],
    ]);
  });

  it.each([
    { what: 'MD5', text: 'ann:$apr1$abcdefgh$0123456789012345678901' },
    { what: 'plain text', text: 'ann:secret' },
    { what: 'no user', text: `:${HASH}` },
    { what: 'a cost that takes minutes', text: `ann:${HASH.replace('$04$', '$20$')}` },
    { what: 'no users', text: '# nobody\n' },
  ])('refuses $what without showing it', ({ text }) => {
    expect(() => parseHtpasswd('users', text)).toThrow(
      expect.objectContaining({ code: 'SETTINGS_INVALID' }),
    );
    expect(() => parseHtpasswd('users', text)).not.toThrow(/secret|apr1|\$2b/);
  });

  it('says when there is no such file', async () => {
    await expect(loadPasswordCheck('/nowhere/htpasswd')).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
    });
  });
});

describe('createPasswordCheck', () => {
  const passwords = createPasswordCheck(
    new Map([
      ['ann', HASH],
      ['', HASH],
    ]),
  );

  it.each([
    ['the right password', basic('ann', 'secret'), 'accepted'],
    ['the right password again', basic('ann', 'secret'), 'accepted'],
    ['another scheme in other case', basic('ann', 'secret').replace('Basic', 'bAsIc'), 'accepted'],
    ['a wrong password', basic('ann', 'Secret'), 'refused'],
    ['an unknown user', basic('bob', 'secret'), 'refused'],
    ['no colon', `Basic ${Buffer.from('ann').toString('base64')}`, 'refused'],
    ['no credentials', undefined, 'refused'],
    ['a token', 'Bearer abc', 'refused'],
    ['too much text', basic('ann', 'secret'.repeat(500)), 'refused'],
  ])('answers %s', async (_, authorization, verdict) => {
    expect(await passwords.check(authorization)).toBe(verdict);
  });

  it('takes one look at credentials that come many times, and refuses a flood of guesses', async () => {
    const flooded = createPasswordCheck(new Map([['ann', HASH]]));
    const same = Array.from({ length: 100 }, () => flooded.check(basic('ann', 'secret')));
    expect(new Set(await Promise.all(same))).toEqual(new Set(['accepted']));
    const guesses = Array.from({ length: 100 }, (_, index) =>
      flooded.check(basic('ann', `guess${index}`)),
    );
    expect(new Set(await Promise.all(guesses))).toEqual(new Set(['refused', 'busy']));
  });
});
