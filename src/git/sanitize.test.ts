import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sanitizeLine, sanitizeOutput } from './sanitize.ts';

it('makes one line of at most so many characters of anything', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 50 }), (text, limit) => {
      const line = sanitizeLine(text, limit);
      expect(Array.from(line).length).toBeLessThanOrEqual(limit);
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202e]/u);
    }),
  );
});

it('takes passwords, query strings and known secrets out of what git says', () => {
  const said = `fatal: unable to access 'https://u:pa55@git.example.com/x.git/?private_token=abc&x=1': tok-1 \u001b[31mno\u0007`;
  const output = sanitizeOutput(said, ['tok-1', '']);
  expect(output).toBe("fatal: unable to access 'https://git.example.com/x.git/': ***  [31mno");
});

it('keeps a server that says too much short', () => {
  expect(sanitizeOutput('remote: x\n'.repeat(100_000), []).length).toBeLessThanOrEqual(2048);
});

it('leaves progress out, and keeps the end, where git says what went wrong', () => {
  const progress = Array.from({ length: 5000 }, (_, n) => `Receiving objects:  1% (${n}/5000)\r`);
  const said = `${'remote: hello\n'.repeat(500)}${progress.join('')}fatal: early EOF\n`;
  const output = sanitizeOutput(said, []);
  expect(output).toMatch(/hello\nfatal: early EOF$/);
  expect(output).not.toContain('Receiving');
});

it('leaves out what ssh always says, and keeps the fingerprint', () => {
  const said = [
    '@@@@@@@@@@@@@@@@@@@@@@@@@@',
    '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
    'IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!',
    'The fingerprint for the ED25519 key sent by the remote host is',
    'SHA256:Z2wYBN7hqfILKUXcNpPt1uAVUtdPja3E8XlXTBPjoao.',
    'Please contact your system administrator.',
    '  remove with:',
    'Host key verification failed.',
    'Please make sure you have the correct access rights',
    'and the repository exists.',
  ];

  expect(sanitizeOutput(said.join('\r\n'), [])).toBe([said[3], said[4], said[7]].join('\n'));
});
