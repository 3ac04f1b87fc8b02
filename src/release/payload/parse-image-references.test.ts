import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAYLOAD_LIMITS } from './limits.ts';
import { parseImageReferences } from './parse-image-references.ts';
import { PayloadFault } from './payload-fault.ts';

const hex = 'a'.repeat(64);
const REFERENCE = `quay.io/r/content@sha256:${hex}`;

function parse(value: unknown): ReturnType<typeof parseImageReferences> {
  return parseImageReferences(Buffer.from(JSON.stringify(value)));
}

function stream(tags: unknown, over: object = {}): object {
  return { kind: 'ImageStream', metadata: { name: '4.18.1' }, spec: { tags }, ...over };
}

function tag(name: unknown, reference: unknown = REFERENCE): object {
  return { name, from: { kind: 'DockerImage', name: reference } };
}

it('takes every entry in its order, whatever it refers to', () => {
  const other = { from: { kind: 'ImageStreamTag', name: 'quay.io/r/content:v1' } };

  const { version, components } = parse(stream([tag('b'), tag('A-1_x.y'), other, tag(null)]));

  expect(version).toBe('4.18.1');
  expect(components).toEqual([
    { name: 'b', reference: REFERENCE },
    { name: 'A-1_x.y', reference: REFERENCE },
    { name: '', reference: 'quay.io/r/content:v1' },
    { name: '', reference: REFERENCE },
  ]);
});

it('may have no components, and no name', () => {
  expect(parse(stream([], { metadata: {} }))).toEqual({ version: '', components: [] });
  expect(parse(stream([], { metadata: undefined }))).toEqual({ version: '', components: [] });
});

describe('refused are', () => {
  const many = Array<object>(PAYLOAD_LIMITS.components + 1).fill(tag('a'));
  it.each([
    { what: 'what is no object', value: 7, reason: /no image stream/ },
    { what: 'another kind', value: stream([], { kind: 'List' }), reason: /at kind/ },
    { what: 'no spec', value: stream([], { spec: undefined }), reason: /at spec/ },
    { what: 'tags that are no list', value: stream({}), reason: /at spec.tags/ },
    { what: 'a tag that is none', value: stream([tag('a'), null]), reason: /spec.tags.1/ },
    { what: 'a tag from nowhere', value: stream([{ name: 'a' }]), reason: /spec.tags.0/ },
    { what: 'a name that is none', value: stream([tag(7)]), reason: /spec.tags.0/ },
    { what: 'a name with a slash', value: stream([tag('../a')]), reason: /"\.\.\/a"/ },
    { what: 'a name with a newline', value: stream([tag('a\n')]), reason: /no name/ },
    { what: 'a name with a dash first', value: stream([tag('-a')]), reason: /no name/ },
    { what: 'no reference', value: stream([tag('a', '')]), reason: /no image of a registry/ },
    { what: 'half a digest', value: stream([tag('a', 'q.io/a@sha256:1')]), reason: /no image/ },
    { what: 'a folder of ours', value: stream([tag('a', 'oci:///etc')]), reason: /no image/ },
    {
      what: 'two images of one name',
      value: stream([tag('a'), tag('a', 'quay.io/r/other:1')]),
      reason: /two images/,
    },
    { what: 'too many', value: stream(many), reason: /5001 components/ },
  ])('$what', ({ value, reason }) => {
    expect(() => parse(value)).toThrow(PayloadFault);
    expect(() => parse(value)).toThrow(reason);
  });

  it('what is not JSON', () => {
    expect(() => parseImageReferences(Buffer.from('{"kind'))).toThrow(/not JSON/);
    expect(() => parseImageReferences(Buffer.from('['.repeat(1_000_000)))).toThrow(/not JSON/);
  });
});

it('never fails in another way', () => {
  const values = fc.anything();
  fc.assert(
    fc.property(values, values, values, fc.array(values), (name, from, metadata, tags) => {
      const value = stream([...tags, { name, from: { name: from } }], { metadata });
      try {
        parse(value);
      } catch (error) {
        expect(error).toBeInstanceOf(PayloadFault);
      }
    }),
  );
});
