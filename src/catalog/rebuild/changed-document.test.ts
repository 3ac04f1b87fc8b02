import { expect, it } from 'vitest';
import { changedChannel, changedDefinition, changedDeprecations } from './changed-document.ts';
import { formatExactJson, parseExactJson } from '../../built/exact-json.ts';

const span = { file: 0, start: 0, end: 0 };

it('sets the default channel and leaves all else as it is written', () => {
  const original = parseExactJson(
    '{"schema":"olm.package","x-big":12345678901234567890,"defaultChannel":"a","name":"p","f":1.0,"d":"\\u003c"}',
    'a test',
  );
  expect(formatExactJson(changedDefinition(original, { span, defaultChannel: 'b' }))).toBe(
    '{"schema":"olm.package","x-big":12345678901234567890,"defaultChannel":"b","name":"p","f":1.0,"d":"\\u003c"}',
  );
});

it('keeps the entries that are kept with all their fields', () => {
  const original = parseExactJson(
    '{"schema":"olm.channel","entries":[{"name":"a"},{"x":1.0,"name":"b","replaces":"a","skips":["z"]},{"name":"c","replaces":"b"}],"properties":[{"v":1.0}]}',
    'a test',
  );
  const entries = [
    { name: 'b', replaces: 'a', skips: ['z'] },
    { name: 'c', replaces: 'b' },
  ];
  expect(formatExactJson(changedChannel(original, { span, name: 's', entries }))).toBe(
    '{"schema":"olm.channel","entries":[{"x":1.0,"name":"b","replaces":"a","skips":["z"]},{"name":"c","replaces":"b"}],"properties":[{"v":1.0}]}',
  );
});

it('writes other edges where the model has them, and entries that are new', () => {
  const original = parseExactJson(
    '{"entries":[{"name":"b","replaces":"a","skips":["y","z"],"skipRange":"<1","x":1.0}]}',
    'a test',
  );
  const entries = [
    { name: 'b', skips: ['z'] },
    { name: 'new', replaces: 'b', skipRange: '<2' },
  ];
  expect(formatExactJson(changedChannel(original, { span, name: 's', entries }))).toBe(
    '{"entries":[{"name":"b","skips":["z"],"x":1.0},{"name":"new","replaces":"b","skipRange":"<2"}]}',
  );
});

it('keeps the deprecations that are kept', () => {
  const original = parseExactJson(
    '{"schema":"olm.deprecations","entries":[{"reference":{"schema":"olm.package"},"message":"m","x":1.0},{"reference":{"schema":"olm.bundle","name":"b"},"message":"m"}]}',
    'a test',
  );
  const entries = [{ reference: { schema: 'olm.package' }, message: 'm' }];
  expect(formatExactJson(changedDeprecations(original, { span, entries }))).toBe(
    '{"schema":"olm.deprecations","entries":[{"reference":{"schema":"olm.package"},"message":"m","x":1.0}]}',
  );
});
