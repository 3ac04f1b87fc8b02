import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ControllerError } from '../../base/controller-error.ts';
import { parseRegistriesConf } from './parse-registries-conf.ts';

const MAIN = { file: 'r.conf', isDropIn: false };

it.each([
  ['neither prefix nor location', '[[registry]]\ninsecure = true', 'r.conf:1'],
  ['no location with a plain prefix', '[[registry]]\nprefix = "a.b"', 'r.conf:1'],
  [
    'a mirror without location',
    '\n[[registry]]\nlocation = "a.b"\n[[registry.mirror]]',
    'r.conf:2',
  ],
  ['a location with a scheme', '[[registry]]\nlocation = "http://a.b"', 'http://a.b'],
  [
    'a mirror with a scheme',
    '[[registry]]\nlocation = "a.b"\n[[registry.mirror]]\nlocation = "https://c.d"',
    'https://c.d',
  ],
  [
    'pull-from-mirror of the registry itself',
    '[[registry]]\nlocation = "a.b"\npull-from-mirror = "all"',
    'r.conf:1',
  ],
  [
    'an unknown pull-from-mirror',
    '[[registry]]\nlocation = "a.b"\n[[registry.mirror]]\nlocation = "c.d"\npull-from-mirror = "some"',
    '"some"',
  ],
  [
    'pull-from-mirror together with mirror-by-digest-only',
    '[[registry]]\nlocation = "a.b"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "c.d"\npull-from-mirror = "all"',
    'exclude',
  ],
  [
    'two tables for one location that differ',
    '[[registry]]\nlocation = "a.b"\n[[registry]]\nprefix = "c.d"\nlocation = "a.b"\ninsecure = true',
    '"a.b"',
  ],
  ['a search entry that is no host', 'unqualified-search-registries = ["a.b/c"]', '"a.b/c"'],
  ['an unknown short-name-mode', 'short-name-mode = "maybe"', 'short-name-mode'],
  [
    'both versions in one file',
    '[registries.block]\nregistries = ["a.b"]\n[[registry]]\nlocation = "c.d"\n',
    'version 1',
  ],
  ['broken TOML', 'a = 1\n[[registry]]\nlocation = \n', 'r.conf:3:12'],
  ['a value of another type', '[[registry]]\nlocation = 5\n', 'location'],
  ['upper case in a path', '[[registry]]\nlocation = "a.b/C"', '"a.b/C"'],
  ['a prefix with a tag', '[[registry]]\nprefix = "a.b/c:v1"\nlocation = "d.e/c"', 'tags'],
])('refuses %s', (_what, text, said) => {
  expect(() => parseRegistriesConf(text, MAIN)).toThrow(
    expect.objectContaining({
      code: 'REGISTRIES_CONF_INVALID',
      message: expect.stringContaining(said) as string,
    }),
  );
});

it('takes version 1: hosts without TLS and blocked hosts', () => {
  const text = `[registries.search]\nregistries = ["s.example"]
[registries.insecure]\nregistries = ["a.example", "b.example/"]
[registries.block]\nregistries = ["a.example"]`;
  const { tables } = parseRegistriesConf(text, MAIN);
  expect(tables.map(({ prefix, insecure, blocked }) => ({ prefix, insecure, blocked }))).toEqual([
    { prefix: 'a.example', insecure: true, blocked: true },
    { prefix: 'b.example', insecure: true, blocked: false },
  ]);
  expect(() => parseRegistriesConf(text, { file: 'd.conf', isDropIn: true })).toThrow('version 2');
});

it('ignores unknown keys, and aliases, which pulls by full names never use', () => {
  const text = `future = true\n[aliases]\nx = "quay.io/x"\n[[registry]]\nlocation = "a.b/"\nnew = 1`;
  expect(parseRegistriesConf(text, MAIN)).toEqual({
    tables: [
      {
        prefix: 'a.b',
        location: 'a.b',
        insecure: false,
        blocked: false,
        mirrors: [],
        file: 'r.conf',
      },
    ],
    credentialHelpers: undefined,
  });
});

it('answers any text with a value or a ControllerError', () => {
  const words = fc.constantFrom(
    '[[registry]]', '[[registry.mirror]]', '[registries.block]', 'location', 'prefix', '=', '"a.b"',
    '"*.c"', 'true', '\n', 'registries', '[', ']', 'credential-helpers', 'mirror', '"',
  ); // prettier-ignore
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
      try {
        parseRegistriesConf(parts.join(' '), MAIN);
      } catch (error) {
        expect(error).toBeInstanceOf(ControllerError);
      }
    }),
  );
});
