import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { type Digest, digestOf } from '../oci/digest.ts';
import {
  type PublishedSignature,
  readSignatureConfigMap,
  renderSignatureConfigMaps,
} from './signature-configmap.ts';

const FIRST = `sha256:${'37433b71'.repeat(8)}` as Digest;
const SECOND = `sha256:${'12345678'.repeat(8)}` as Digest;
const BOTH: readonly PublishedSignature[] = [
  { release: '4.16.0-x86_64', payload: FIRST, bytes: Buffer.from('one') },
  { release: '4.16.2-x86_64', payload: SECOND, bytes: Buffer.from('two') },
];

/** As large as real ones are. */
function signatures(count: number, bytes = 890): PublishedSignature[] {
  return Array.from({ length: count }, (_, index) => {
    const release = `4.18.${index}-x86_64`;
    return { release, payload: digestOf(Buffer.from(release)), bytes: Buffer.alloc(bytes, index) };
  });
}

function render(list: readonly PublishedSignature[], json = false): Map<string, string> {
  return renderSignatureConfigMaps(list, { json });
}

/** What all files hold, as a reader of the branch finds it. */
function readAll(files: ReadonlyMap<string, string>): Map<Digest, Uint8Array> {
  return new Map([...files.values()].flatMap((text) => [...readSignatureConfigMap(text)]));
}

describe('renderSignatureConfigMaps', () => {
  it('counts the keys in the order of the releases, and sorts them', () => {
    expect([...render(BOTH.toReversed())]).toEqual([
      [
        'signature-configmap.yaml',
        `apiVersion: v1
binaryData:
  sha256-${'12345678'.repeat(8)}-2: dHdv
  sha256-${'37433b71'.repeat(8)}-1: b25l
kind: ConfigMap
metadata:
  labels:
    release.openshift.io/verification-signatures: ""
  name: mirrored-release-signatures
  namespace: openshift-config-managed
`,
      ],
    ]);
  });

  it('writes the same object in compact JSON beside it where that is asked for', () => {
    const files = render(BOTH, true);
    expect([...files.keys()]).toEqual(['signature-configmap.json', 'signature-configmap.yaml']);
    const json = files.get('signature-configmap.json') ?? '';
    expect(json).toMatch(
      /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"name":"mirrored-release-signatures",/,
    );
    expect(json).toMatch(/"binaryData":\{"sha256-1234/);
    expect(JSON.parse(json)).toEqual(parseYaml(files.get('signature-configmap.yaml') ?? ''));
  });

  it('makes no file of nothing', () => {
    expect(render([], true)).toEqual(new Map());
  });

  it('has one entry for a payload that two releases share', () => {
    const twice = { release: '4.16.1-x86_64', payload: FIRST, bytes: Buffer.from('six') };
    const files = render([...BOTH, twice]);
    const text = files.get('signature-configmap.yaml') ?? '';
    expect(text.match(/sha256-/g)).toHaveLength(2);
    expect(text).toContain(`${'12345678'.repeat(8)}-2`);
    expect(text).toContain(`${'37433b71'.repeat(8)}-1: b25l`);
  });

  it('makes as many ConfigMaps as can be applied, each with a name of its own', () => {
    const files = render(signatures(400), true);
    expect([...files.keys()]).toEqual([
      'signature-configmap.json',
      'signature-configmap.yaml',
      'signature-configmap-2.json',
      'signature-configmap-2.yaml',
      'signature-configmap-3.json',
      'signature-configmap-3.yaml',
    ]);
    for (const [name, text] of files) {
      const { metadata, binaryData } = parseYaml(text) as {
        metadata: { name: string };
        binaryData: object;
      };
      const suffix = /configmap(.*)\./.exec(name)?.[1] ?? '';
      expect(metadata.name).toBe(`mirrored-release-signatures${suffix}`);
      // `oc apply` keeps the resource as JSON in an annotation; annotations have 256 KiB.
      expect(JSON.stringify(parseYaml(text)).length).toBeLessThan(250 * 1024);
      expect(Object.keys(binaryData).length).toBeGreaterThan(0);
    }
  });

  it('numbers keys over all ConfigMaps', () => {
    const texts = [...render(signatures(400)).values()].join('\n');
    const numbers = [...texts.matchAll(/sha256-[0-9a-f]{64}-(\d+):/g)].map(([, n]) => Number(n));
    expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers).toHaveLength(400);
  });

  it('is a function of the set', () => {
    fc.assert(
      fc.property(
        fc
          .shuffledSubarray(signatures(12), { minLength: 1 })
          .chain((some) =>
            fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
          ),
        ([some, shuffled]) => {
          expect([...render(some, true)]).toEqual([...render(shuffled, true)]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('readSignatureConfigMap', () => {
  it('reads back, by their digests, all that was written', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 1500 }), {
          maxLength: 8,
          selector: (bytes) => digestOf(bytes),
        }),
        (contents) => {
          const list = contents.map((bytes, index) => {
            return { release: `4.18.${index}`, payload: digestOf(Buffer.from([index])), bytes };
          });
          const found = readAll(render(list));
          expect([...found.keys()].sort()).toEqual(contents.map((one) => digestOf(one)).sort());
          for (const [digest, bytes] of found) expect(digestOf(bytes)).toBe(digest);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('reads all of several ConfigMaps', () => {
    const list = signatures(400, 1200);
    expect(readAll(render(list)).size).toBe(new Set(list.map(({ bytes }) => digestOf(bytes))).size);
  });

  const [, whole = ''] = [...render(BOTH)][0] ?? [];

  it.each([
    { what: 'an empty file', text: '', found: 0 },
    { what: 'no YAML', text: 'a: [\n', found: 0 },
    { what: 'another resource', text: whole.replace('ConfigMap', 'Secret'), found: 0 },
    { what: 'no data', text: 'kind: ConfigMap\napiVersion: v1\n', found: 0 },
    {
      what: 'a list for data',
      text: 'kind: ConfigMap\napiVersion: v1\nbinaryData: [b25l]\n',
      found: 0,
    },
    { what: 'one value that is no base64', text: whole.replace('b25l', 'b25l%'), found: 1 },
    { what: 'one value that is cut', text: whole.replace('b25l', 'b25'), found: 1 },
    { what: 'one value that is empty', text: whole.replace('b25l', '""'), found: 1 },
    { what: 'one value that is a mapping', text: whole.replace('b25l', '{a: b}'), found: 1 },
    {
      what: 'one value that is larger than a signature may be',
      text: whole.replace('b25l', Buffer.alloc(60 * 1024).toString('base64')),
      found: 1,
    },
    { what: 'more than a file may have', text: `${whole}# ${'x'.repeat(1024 * 1024)}\n`, found: 0 },
    {
      what: 'aliases without end',
      text: `a: &a [x, x]\nb: &b [${'*a, '.repeat(99)}*a]\nc: &c [${'*b, '.repeat(99)}*b]\nd: [${'*c, '.repeat(99)}*c]\n`,
      found: 0,
    },
    { what: 'annotations of a tool', text: `${whole}  annotations: {a: b}\n`, found: 2 },
  ])('finds $found of two signatures in a file with $what', ({ text, found }) => {
    expect(readSignatureConfigMap(text).size).toBe(found);
  });

  it('never fails on a file that somebody changed', () => {
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(40), fc.string(), (at, length, put) => {
        readSignatureConfigMap(whole.slice(0, at) + put + whole.slice(at + length));
      }),
      { numRuns: 300 },
    );
  });
});
