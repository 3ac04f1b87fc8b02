import { expect, it } from 'vitest';
import { parseWebUrl, shownUrl } from './web-url.ts';

it.each([
  {
    text: 'https://graph.example.com:8443/v1/graph?x=1',
    shown: 'https://graph.example.com:8443/v1/graph',
  },
  { text: ' http://me:secret@127.0.0.1/graph#x ', shown: 'http://127.0.0.1/graph' },
])('takes $text, and shows it as $shown', ({ text, shown }) => {
  expect(shownUrl(parseWebUrl(text, 'UPDATE_URL_OVERRIDE'))).toBe(shown);
});

it.each([
  '',
  'graph.example.com/graph',
  'file:///graph',
  'https://',
  'https:',
  'ftp://a/b',
  'http://a b/',
])('refuses %j, and says what is wrong without repeating it', (text) => {
  const parse = (): URL => parseWebUrl(text, 'UPDATE_URL_OVERRIDE');

  expect(parse).toThrow(/^UPDATE_URL_OVERRIDE is not the URL of a web server$/);
  expect(parse).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
});
