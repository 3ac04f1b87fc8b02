import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseBootImages } from './parse-boot-images.ts';
import { PayloadFault } from './payload-fault.ts';

const REFERENCE = `quay.io/r/content@sha256:${'a'.repeat(64)}`;

function configMap(stream: unknown): string {
  const text = typeof stream === 'string' ? stream : JSON.stringify(stream);
  return stringify({ kind: 'ConfigMap', data: { releaseVersion: '0.0.1', stream: text } });
}

function kubevirt(reference: unknown): object {
  return { images: { kubevirt: { image: 'quay.io/r/content:4', 'digest-ref': reference } } };
}

it('finds the image of each architecture that has one', () => {
  const text = configMap({
    architectures: {
      x86_64: kubevirt(REFERENCE),
      aarch64: {},
      ppc64le: { images: { aws: {} } },
      s390x: { images: { kubevirt: { image: 'x' } } },
    },
  });

  expect(parseBootImages(Buffer.from(text))).toEqual(new Map([['x86_64', REFERENCE]]));
});

describe('refused are', () => {
  const aliases = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((name, index) => {
      const previous = 'abcdefg'.charAt(index);
      return `${name}: &${name} [${Array<string>(10).fill(`*${previous}`).join(',')}]`;
    }),
  ].join('\n');
  it.each([
    { what: 'an empty file', text: '', reason: /no text at data.stream/ },
    { what: 'no YAML', text: '{a: [', reason: /not valid YAML/ },
    { what: 'a billion values', text: aliases, reason: /aliases/ },
    { what: 'deep nesting', text: '['.repeat(100_000), reason: /levels/ },
    { what: 'too much', text: '# '.repeat(600_000), reason: /larger/ },
    { what: 'a list', text: '[]', reason: /no text/ },
    { what: 'a stream that is no text', text: 'data: {stream: [1]}', reason: /no text/ },
    { what: 'a stream that is not JSON', text: configMap('{'), reason: /not JSON/ },
    { what: 'a stream without architectures', text: configMap([]), reason: /no architectures/ },
    {
      what: 'many architectures',
      text: configMap({ architectures: Object.fromEntries([...Array(101).keys()].entries()) }),
      reason: /101 architectures/,
    },
    {
      what: 'an image by tag',
      text: configMap({ architectures: { x86_64: kubevirt('quay.io/r/content:4') } }),
      reason: /no image by digest/,
    },
    {
      what: 'a folder of ours',
      text: configMap({
        architectures: { x86_64: kubevirt(`oci:///etc@sha256:${'a'.repeat(64)}`) },
      }),
      reason: /no image by digest/,
    },
  ])('$what', ({ text, reason }) => {
    const bytes = Buffer.from(text);

    expect(() => parseBootImages(bytes)).toThrow(PayloadFault);
    expect(() => parseBootImages(bytes)).toThrow(reason);
  });
});
