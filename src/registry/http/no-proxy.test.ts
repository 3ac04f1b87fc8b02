import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isLoopback, parseNoProxy } from './no-proxy.ts';

it.each([
  { noProxy: 'example.com', host: 'example.com', port: 443, direct: true },
  { noProxy: 'example.com', host: 'a.example.com', port: 443, direct: true },
  { noProxy: 'example.com', host: 'badexample.com', port: 443, direct: false },
  { noProxy: 'EXAMPLE.com', host: 'Example.COM', port: 443, direct: true },
  { noProxy: ' a.com , example.com ', host: 'example.com', port: 443, direct: true },
  { noProxy: '.example.com', host: 'a.b.example.com', port: 443, direct: true },
  { noProxy: '.example.com', host: 'example.com', port: 443, direct: false },
  { noProxy: '*.example.com', host: 'a.example.com', port: 443, direct: true },
  { noProxy: '*.example.com', host: 'example.com', port: 443, direct: false },
  { noProxy: 'example.com:5000', host: 'example.com', port: 5000, direct: true },
  { noProxy: 'example.com:5000', host: 'example.com', port: 443, direct: false },
  { noProxy: '*', host: 'anything', port: 1, direct: true },
  { noProxy: 'a.com,*', host: 'anything', port: 1, direct: true },
  { noProxy: '10.0.0.1', host: '10.0.0.1', port: 443, direct: true },
  { noProxy: '10.0.0.1:80', host: '10.0.0.1', port: 443, direct: false },
  { noProxy: '10.0.0.0/8', host: '10.200.3.4', port: 443, direct: true },
  { noProxy: '10.0.0.0/8', host: '11.0.0.1', port: 443, direct: false },
  { noProxy: '10.0.0.0/8', host: '10.example.com', port: 443, direct: false },
  { noProxy: '10.0.0.0/33', host: '10.0.0.1', port: 443, direct: false },
  { noProxy: 'fd00::/8', host: '[fd12::1]', port: 443, direct: true },
  { noProxy: 'fd12::1', host: '[fd12::1]', port: 443, direct: true },
  { noProxy: '[fd12::1]:5000', host: '[fd12:0:0::1]', port: 5000, direct: true },
  { noProxy: '[fd12::1]:5000', host: '[fd12::1]', port: 443, direct: false },
  { noProxy: '', host: 'example.com', port: 443, direct: false },
  { noProxy: ',,', host: 'example.com', port: 443, direct: false },
  { noProxy: '.', host: 'example.com', port: 443, direct: false },
])('NO_PROXY=$noProxy: $host:$port direct is $direct', ({ noProxy, host, port, direct }) => {
  expect(parseNoProxy(noProxy)(host, port)).toBe(direct);
});

it.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['[::1]', true],
  ['128.0.0.1', false],
  ['localhost.example.com', false],
  ['127.0.0.1.example.com', false],
])('knows whether %s is loopback: %s', (host, loopback) => {
  expect(isLoopback(host)).toBe(loopback);
});

it('excepts a name with its subdomains and nothing that only ends like it', () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
  fc.assert(
    fc.property(label, label, label, (name, top, other) => {
      const isDirect = parseNoProxy(`${name}.${top}`);
      expect(isDirect(`${name}.${top}`, 443)).toBe(true);
      expect(isDirect(`${other}.${name}.${top}`, 443)).toBe(true);
      expect(isDirect(`${other}${name}.${top}`, 443)).toBe(false);
      expect(isDirect(`${name}.${top}.else-where`, 443)).toBe(false);
    }),
  );
});

it('reads any text', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, host) => {
      expect(typeof parseNoProxy(text)(host, 443)).toBe('boolean');
    }),
  );
});
