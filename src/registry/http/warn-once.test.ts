import { expect, it } from 'vitest';
import { silentLog } from '../../base/log.ts';
import { createWarnOnce } from './warn-once.ts';

it('logs each text once for each host', () => {
  const logged: object[] = [];
  const warnOnce = createWarnOnce({ ...silentLog, warn: (fields) => logged.push(fields) });

  warnOnce('a', '299 - "going away, soon"', []);
  warnOnce(
    'a',
    ['299 - "going away, soon"', String.raw`110 x "stale", 299 - "say \"hi\" https://s/x?sig=abc"`],
    [],
  );
  warnOnce('b', '299 - "going away, soon"', []);
  warnOnce('b', undefined, []);

  expect(logged).toEqual([
    { host: 'a', warning: 'going away, soon' },
    { host: 'a', warning: 'say "hi" https://s/x' },
    { host: 'b', warning: 'going away, soon' },
  ]);
});

it('shows no secret that a server repeats', () => {
  const logged: object[] = [];
  const warnOnce = createWarnOnce({ ...silentLog, warn: (fields) => logged.push(fields) });

  warnOnce('a', '299 - "you sent s3cret"', ['', 's3cret']);

  expect(logged).toEqual([{ host: 'a', warning: 'you sent ***' }]);
});

it('is not filled up by a server that always warns of something else', () => {
  let logged = 0;
  const warnOnce = createWarnOnce({ ...silentLog, warn: () => (logged += 1) });

  for (let number = 0; number < 500; number += 1) warnOnce('a', `299 - "${number}"`, []);

  expect(logged).toBe(100);
});
