import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ControllerError } from '../../base/controller-error.ts';
import type { RegistryResponse } from '../registry-transport.ts';
import { nextPage } from './next-page.ts';
import type { Repository } from './repository.ts';

const REPOSITORY = { name: 'reg.io/team/app', host: 'reg.io' } as Repository;
const URL_OF_PAGE = 'https://reg.io/v2/team/app/tags/list?n=100';

function pageAfter(link: string | undefined): string | undefined {
  const header = (name: string): string | undefined => (name === 'link' ? link : undefined);
  return nextPage(REPOSITORY, { url: URL_OF_PAGE, header } as RegistryResponse);
}

it.each([
  { link: undefined, next: undefined },
  { link: '', next: undefined },
  { link: '</v2/team/app/tags/list?n=100&last=b>; rel="next"', next: '?n=100&last=b' },
  { link: '<?n=100&last=b>;rel=next', next: '?n=100&last=b' },
  { link: '<https://reg.io/v2/team/app/tags/list?last=b> ; rel = "next"', next: '?last=b' },
  { link: '</a>; rel="prev", </v2/team/app/tags/list?last=b>; REL="Next"', next: '?last=b' },
  { link: '</a>; rel="prev"', next: undefined },
  { link: '</a>; rel="nextish"', next: undefined },
  { link: '/v2/team/app/tags/list?last=b; rel="next"', next: undefined },
])('reads $link as $next', ({ link, next }) => {
  expect(pageAfter(link)).toBe(next === undefined ? undefined : `/v2/team/app/tags/list${next}`);
});

it.each(['<https://evil.io/v2/>; rel="next"', '<//evil.io>; rel="next"', '<http://[>; rel="next"'])(
  'refuses %s, which leads away from the host',
  (link) => {
    expect(() => pageAfter(link)).toThrow(ControllerError);
  },
);

it('reads back every page of the host that it is given', () => {
  const word = fc.stringMatching(/^[\w.~-]{1,12}$/);
  fc.assert(
    fc.property(word, word, fc.boolean(), (last, n, isAbsolute) => {
      const path = `/v2/team/app/tags/list?n=${n}&last=${last}`;
      const target = isAbsolute ? `https://reg.io${path}` : path;
      expect(pageAfter(`<${target}>; rel="next"`)).toBe(path);
    }),
  );
});

it('answers any text with a path of the host or a ControllerError, however long it is', () => {
  const part = fc.constantFrom(
    '<',
    '>',
    ';',
    ' ',
    'rel',
    '=',
    '"next"',
    'next',
    ',',
    '/a',
    '//b',
    ':',
  );
  const short = fc.array(part, { maxLength: 40 }).map((parts) => parts.join(''));
  const long = fc
    .tuple(short, fc.nat(4000))
    .map(([text, times]) => text.repeat(times).slice(0, 16_384));
  const host = fc.string().map((text) => `//${text}`);
  const linked = fc
    .tuple(fc.oneof(short, host, fc.webUrl()), short)
    .map(([target, more]) => `<${target}>${more}; rel="next"`);
  const unfinished = long.map((text) => `<a>${text.replaceAll('<', '')}`);
  fc.assert(
    fc.property(fc.oneof(linked, unfinished, short, long, fc.string()), (link) => {
      try {
        expect(pageAfter(link) ?? '/').toMatch(/^\//);
      } catch (error) {
        expect(error).toBeInstanceOf(ControllerError);
      }
    }),
    { numRuns: 500 },
  );
  // A pattern that goes over a text again and again takes minutes.
}, 20_000);
