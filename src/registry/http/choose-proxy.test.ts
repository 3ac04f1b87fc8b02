import { expect, it } from 'vitest';
import { createChooseProxy } from './choose-proxy.ts';

it.each([
  { environment: {}, url: 'https://quay.io', proxy: undefined },
  { environment: { HTTPS_PROXY: 'http://p:1' }, url: 'https://quay.io', proxy: 'http://p:1' },
  { environment: { https_proxy: 'http://p:1' }, url: 'https://quay.io', proxy: 'http://p:1' },
  {
    environment: { HTTPS_PROXY: '', https_proxy: 'http://p:1' },
    url: 'https://quay.io',
    proxy: 'http://p:1',
  },
  {
    environment: { HTTPS_PROXY: 'http://up:1', https_proxy: 'http://low:1' },
    url: 'https://q',
    proxy: 'http://up:1',
  },
  { environment: { HTTP_PROXY: 'http://p:1' }, url: 'https://quay.io', proxy: undefined },
  { environment: { HTTP_PROXY: 'http://p:1' }, url: 'http://quay.io', proxy: 'http://p:1' },
  {
    environment: { HTTP_PROXY: 'http://p:1', REQUEST_METHOD: 'GET' },
    url: 'http://quay.io',
    proxy: undefined,
  },
  {
    environment: { HTTPS_PROXY: 'proxy.example.com:3128' },
    url: 'https://q',
    proxy: 'http://proxy.example.com:3128',
  },
  { environment: { HTTPS_PROXY: 'socks5h://p:1080' }, url: 'https://q', proxy: 'socks5h://p:1080' },
  { environment: { HTTPS_PROXY: 'http://u:pw@p:1' }, url: 'https://q', proxy: 'http://p:1' },
  {
    environment: { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'quay.io' },
    url: 'https://quay.io',
    proxy: undefined,
  },
  {
    environment: { HTTPS_PROXY: 'http://p:1', NO_PROXY: '', no_proxy: 'quay.io' },
    url: 'https://quay.io',
    proxy: undefined,
  },
  {
    environment: { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'q:5000' },
    url: 'https://q:5000',
    proxy: undefined,
  },
  {
    environment: { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'q:443' },
    url: 'https://q',
    proxy: undefined,
  },
  { environment: { HTTPS_PROXY: 'http://p:1' }, url: 'https://localhost:5000', proxy: undefined },
  { environment: { HTTPS_PROXY: 'http://p:1' }, url: 'https://127.3.0.1', proxy: undefined },
])('$environment: $url goes through $proxy', ({ environment, url, proxy }) => {
  expect(createChooseProxy(environment)(new URL(url))?.address).toBe(proxy);
});

it.each(['ftp://u:secret@p', 'http://u:secret@', 'http://u:secret@p:99999'])(
  'refuses %s without showing it',
  (value) => {
    const choose = createChooseProxy({ HTTPS_PROXY: value });

    expect(() => choose(new URL('https://quay.io'))).toThrow(
      expect.objectContaining({
        code: 'SETTINGS_INVALID',
        message: expect.not.stringContaining('secret') as string,
      }) as Error,
    );
  },
);
