import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readSimpleHead } from './simple-head.ts';

function read(...lines: readonly string[]): ReturnType<typeof readSimpleHead> {
  return readSimpleHead(Buffer.from([...lines, '', ''].join('\r\n'), 'latin1'));
}

it('reads what registries answer', () => {
  const lines = [
    'HTTP/1.1 206 Partial Content',
    'Content-Length: 1048576',
    'Content-Range:bytes 5-1048580/1048581 ',
    'Docker-Content-Digest: sha256:ab',
    'X-Empty:',
    '__proto__: mine',
  ];

  const head = read(...lines);

  expect(head).toMatchObject({ status: 206, contentLength: 1_048_576, closes: false });
  expect(head).toMatchObject({ length: `${lines.join('\r\n')}\r\n\r\n`.length });
  expect(Object.entries(typeof head === 'string' ? {} : head.headers)).toEqual([
    ['content-length', '1048576'],
    ['content-range', 'bytes 5-1048580/1048581'],
    ['docker-content-digest', 'sha256:ab'],
    ['x-empty', ''],
    ['__proto__', 'mine'],
  ]);
});

it('sees that the server closes the connection', () => {
  const head = read('HTTP/1.1 200 OK', 'content-length: 1', 'connection: Close');
  expect(head).toMatchObject({ closes: true });
});

it.each([
  { what: 'no length', lines: ['HTTP/1.1 200 OK'] },
  { what: 'two lengths', lines: ['HTTP/1.1 200 OK', 'content-length: 1', 'Content-Length: 1'] },
  { what: 'a list of lengths', lines: ['HTTP/1.1 200 OK', 'content-length: 1, 1'] },
  { what: 'a signed length', lines: ['HTTP/1.1 200 OK', 'content-length: +1'] },
  { what: 'a length in hexadecimal', lines: ['HTTP/1.1 200 OK', 'content-length: 0x10'] },
  {
    what: 'a length beyond numbers',
    lines: ['HTTP/1.1 200 OK', `content-length: ${'9'.repeat(16)}`],
  },
  {
    what: 'chunks',
    lines: ['HTTP/1.1 200 OK', 'content-length: 1', 'transfer-encoding: chunked'],
  },
  { what: 'an interim answer', lines: ['HTTP/1.1 100 Continue', 'content-length: 1'] },
  { what: 'no content', lines: ['HTTP/1.1 204 No Content', 'content-length: 1'] },
  { what: 'the older protocol', lines: ['HTTP/1.0 200 OK', 'content-length: 1'] },
  { what: 'another protocol', lines: ['SSH-2.0-OpenSSH_9.2'] },
  { what: 'a folded line', lines: ['HTTP/1.1 200 OK', 'content-length: 1', ' 2'] },
  { what: 'a space before the colon', lines: ['HTTP/1.1 200 OK', 'content-length : 1'] },
  { what: 'a bare line feed', lines: ['HTTP/1.1 200 OK', 'content-length: 1', 'x: a\nb: c'] },
  { what: 'a zero byte', lines: ['HTTP/1.1 200 OK', 'content-length: 1', 'x: \0'] },
  { what: 'an odd connection', lines: ['HTTP/1.1 200 OK', 'content-length: 1', 'connection: x'] },
])('leaves $what to a full parser', ({ lines }) => {
  expect(read(...lines)).toBe('other');
});

it('waits for the end of a head, but not for ever', () => {
  const begun = 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\nx: ';
  for (let length = 0; length <= begun.length; length += 1)
    expect(readSimpleHead(Buffer.from(begun.slice(0, length)))).toBe('incomplete');
  expect(readSimpleHead(Buffer.from(begun + 'x'.repeat(32 * 1024)))).toBe('other');
});

it('takes any bytes, and says nothing about them that is not there', () => {
  const parts = fc.constantFrom(
    'HTTP/1.1 200 OK',
    'content-length: 7',
    'x',
    ':',
    ' ',
    '\r\n',
    '\r',
    '\n',
    '\0',
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), (made) => {
      const text = made.join('');
      const head = readSimpleHead(Buffer.from(text));
      if (typeof head === 'string') return;
      expect(text.slice(0, head.length)).toMatch(/^HTTP\/1\.1 200 OK(?:\r\n[^\r\n]+)*\r\n\r\n$/);
      expect(head.contentLength).toBe(7);
    }),
    { numRuns: 2000 },
  );
});
